// The composer: tabs change in place, what is written is kept on the server, files are named.
const PAUSE = 700;
const timers = new WeakMap();

const composerOf = (element) => element.closest?.("[data-composer]");

function keep(form) {
  clearTimeout(timers.get(form));
  if (!timers.delete(form)) return;
  const body = new FormData(form);
  body.delete("files");
  const said = form.querySelector("[data-kept]");
  fetch(form.dataset.composer, { method: "POST", body, keepalive: true }).then(
    (reply) => said && (said.hidden = !reply.ok),
    () => later(form, 5 * PAUSE),
  );
}

function later(form, pause = PAUSE) {
  clearTimeout(timers.get(form));
  timers.set(form, setTimeout(() => keep(form), pause));
}

function switchTo(form, kind) {
  if (form.elements.kind.value === kind) return;
  keep(form);
  const other = form.querySelector("[data-other]");
  const text = form.elements.text;
  [text.value, other.value] = [other.value, text.value];
  form.elements.kind.value = kind;
  for (const tab of form.querySelectorAll("[data-kind]")) {
    tab.setAttribute("aria-selected", tab.dataset.kind === kind);
  }
  for (const part of form.querySelectorAll("[data-when]")) part.hidden = part.dataset.when !== kind;
  text.placeholder = text.dataset[kind];
  text.setAttribute("aria-label", text.dataset[kind]);
}

document.addEventListener("input", (event) => {
  const form = composerOf(event.target);
  if (!form || event.target.name !== "text") return;
  const said = form.querySelector("[data-kept]");
  if (said) said.hidden = true;
  later(form);
});

document.addEventListener(
  "click",
  (event) => {
    const tab = event.target.closest("[data-kind]");
    if (!tab) return;
    event.preventDefault();
    event.stopPropagation();
    const form = composerOf(tab);
    switchTo(form, tab.dataset.kind);
    form.elements.text.focus();
  },
  true,
);

document.addEventListener("change", (event) => {
  if (event.target.name !== "files") return;
  const names = event.target.form.querySelector("[data-files]");
  names.textContent = [...event.target.files].map((file) => file.name).join(", ");
  names.hidden = !names.textContent;
});

// Sent is sent: what was about to be kept as a draft must not come after it.
document.addEventListener("submit", (event) => {
  const form = composerOf(event.target);
  if (!form) return;
  clearTimeout(timers.get(form));
  timers.delete(form);
});

function keepAll() {
  document.querySelectorAll("[data-composer]").forEach(keep);
}
document.addEventListener("visibilitychange", () => document.hidden && keepAll());
document.addEventListener("htmx:beforeRequest", (event) => composerOf(event.target) || keepAll());
addEventListener("pagehide", keepAll);
