// Letters do what the mouse can: an element with data-key="r" is clicked by R, data-key="g m" by G, then M.
// Letters are read by place, so that they work in the Russian layout too.
import { walk } from "./list.js";
import { pick } from "./pick.js";

const TYPING = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";
const PAUSE = 1500;
let ledAt = -Infinity;

function letter(event) {
  if (event.code === "Slash" && ".,".includes(event.key)) return event.shiftKey ? "?" : "/";
  if (/^Key[A-Z]$/.test(event.code) && event.key.length === 1) return event.code.slice(3).toLowerCase();
  return event.key;
}

function visible(element) {
  return element.checkVisibility({ visibilityProperty: true });
}

function press(key) {
  const all = [...document.querySelectorAll(`[data-key="${key}"]`)];
  // The way back exists on wide screens too, where nothing shows it.
  const element = all.find(visible) ?? (key === "Escape" && all[0]);
  if (!element) return false;
  if (element.matches(TYPING)) element.focus();
  else element.click();
  return true;
}

// `at`: when the key went down, which a page that is busy learns later.
function act(key, at) {
  const sequence = at - ledAt < PAUSE ? `g ${key}` : key;
  ledAt = sequence === "g" ? at : -Infinity;
  if (sequence === "g") return true;
  if (sequence === "j" || sequence === "k") return walk(key === "j" ? 1 : -1), true;
  if (sequence === "x") return pick();
  if (sequence === "o") return document.activeElement?.closest(".row-subject")?.click(), true;
  return press(sequence);
}

function busy() {
  return document.querySelector("dialog:modal, [popover].menu:popover-open");
}

function leave(typing, event) {
  // A browser would empty the search box, and what was found would stand under no question.
  if (typing.type === "search") event.preventDefault();
  typing.blur();
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest(TYPING);
  if ((event.metaKey || event.ctrlKey) && event.key === "Enter" && typing?.form) {
    event.preventDefault();
    const form = typing.form;
    return form.requestSubmit(form.querySelector("[data-submit]"));
  }
  if (event.metaKey || event.ctrlKey || event.altKey || event.isComposing) return;
  if (typing) return event.key === "Escape" && !busy() && leave(typing, event);
  if (!busy() && act(letter(event), event.timeStamp)) event.preventDefault();
});

document.addEventListener("click", (event) => {
  const dialog = event.target.closest("[data-dialog]")?.dataset.dialog;
  if (dialog) document.getElementById(dialog).showModal();
  if (event.target.matches("dialog:modal")) event.target.close();
});
