// Pages and fragments are morphed into what stands: focus, scrolling and what is being written stay.
import htmx from "htmx.org";
import { Idiomorph } from "idiomorph/htmx";

const isKept = (old, fresh) =>
  // Under the same id it is the same letter being written: hands off.
  ((old.hasAttribute("data-keep") || old.matches(".row-check")) && old.id === fresh.id) ||
  (old === document.activeElement && old.matches("input, textarea, select"));
// What such a letter only tells, as whom it goes to, is told anew.
function tell(old, fresh) {
  for (const said of old.querySelectorAll("[data-told]")) {
    const now = fresh.querySelector(`[data-told="${said.dataset.told}"]`)?.cloneNode(true);
    if (!now) said.remove();
    else if (now.textContent !== said.textContent) {
      now.hidden = said.hidden;
      said.replaceWith(now);
    }
  }
}
Idiomorph.defaults.callbacks.beforeNodeMorphed = (old, fresh) => {
  if (old.nodeType !== Node.ELEMENT_NODE || !isKept(old, fresh)) return true;
  tell(old, fresh);
  return false;
};
// What is open stays open, where it was put.
const OURS = new Set(["open", "style", "aria-expanded"]);
Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name) => !OURS.has(name);

// How many pages have stood here.
let pages = 0;
document.addEventListener("htmx:afterSwap", () => pages++);

// Fetch the named fragments of this page anew. A fragment is the element with `data-fragment`.
// `hold(old, fresh)` may keep one back. Throws if another page came meanwhile: one ticket's words must
// not stand over a letter to another, nor what was before over what somebody just did.
export async function refresh(names, hold = () => false) {
  const asked = pages;
  const reply = await fetch(location.href, { headers: { "Zabota-Fragments": names.join(",") } });
  const text = await reply.text();
  if (pages !== asked) throw new Error("another page has come");
  if (!reply.ok || reply.redirected) return location.reload();
  const page = new DOMParser().parseFromString(text, "text/html");
  for (const fresh of page.querySelectorAll("[data-fragment]")) {
    const old = fragment(fresh.dataset.fragment);
    if (old && !hold(old, fresh)) put(old, fresh);
  }
}

export function put(old, fresh) {
  Idiomorph.morph(old, fresh.outerHTML, { morphStyle: "outerHTML" });
  htmx.process(fragment(fresh.dataset.fragment));
  document.dispatchEvent(new Event("fresh"));
}

export const fragment = (name) => document.querySelector(`[data-fragment="${name}"]`);

// Once is enough: htmx would take the focus back after every later answer, out of the hands that left.
document.addEventListener("focusin", (event) => event.target.removeAttribute("autofocus"));
