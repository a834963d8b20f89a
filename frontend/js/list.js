// The list: j and k walk it, new rows wait behind a count while the pointer is over it.
import { put } from "./morph.js";

const numbers = (list) => new Set([...list.querySelectorAll(".row")].map((row) => row.dataset.number));
let waiting = null;

export function walk(step) {
  const rows = [...document.querySelectorAll(".list .row")];
  if (!rows.length) return;
  const here = rows.findIndex((row) => row.contains(document.activeElement));
  const start = here < 0 ? rows.findIndex((row) => row.classList.contains("is-selected")) : here;
  const next = rows[Math.min(Math.max(start + step, 0), rows.length - 1)];
  next.querySelector(".row-subject").focus();
}

// Whether this fresh list has to wait: it has rows the old one lacks, and a mouse rests on the old one.
export function holdBack(old, fresh) {
  if (old.dataset.fragment !== "list") return false;
  waiting = null;
  if (!matchMedia("(hover: hover)").matches) return false;
  const known = numbers(old);
  const more = [...numbers(fresh)].filter((number) => !known.has(number)).length;
  if (!more || !old.matches(":hover")) return false;
  waiting = fresh;
  const button = old.querySelector("[data-fresh]");
  button.querySelector("[data-count]").textContent = more;
  button.hidden = false;
  return true;
}

function show() {
  const old = document.querySelector('[data-fragment="list"]');
  if (waiting && old?.id === waiting.id) put(old, waiting);
  waiting = null;
}

// A page that came has a newer one.
document.addEventListener("htmx:afterSwap", () => (waiting = null));
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-fresh]")) show();
});
document.addEventListener("pointerout", (event) => {
  const list = event.target.closest?.('[data-fragment="list"]');
  if (waiting && list && !list.contains(event.relatedTarget)) show();
});
