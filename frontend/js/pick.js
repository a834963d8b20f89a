// Rows are picked: by their box, by x for the one in focus, with shift all in between. The bar with what can
// be done counts them; the style sheet shows it as long as something is picked.
let last = null;

const boxes = (form) => [...form.querySelectorAll(".row-check")];

function count(form) {
  const picked = boxes(form).filter((box) => box.checked).length;
  for (const said of form.querySelectorAll("[data-picked]")) said.textContent = picked;
  const all = form.querySelector("[data-all]");
  if (all) {
    all.checked = picked > 0 && picked === boxes(form).length;
    all.indeterminate = picked > 0 && !all.checked;
  }
}

export function pick() {
  const box = document.activeElement?.closest(".row")?.querySelector(".row-check");
  box?.click();
  return Boolean(box);
}

document.addEventListener("click", (event) => {
  const box = event.target.closest(".row-check");
  if (!box) return;
  const all = boxes(box.form);
  const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
  if (event.shiftKey && from >= 0) for (const one of all.slice(from, to + 1)) one.checked = box.checked;
  last = box;
});
document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (event.target.matches("[data-all]")) for (const box of boxes(form)) box.checked = event.target.checked;
  if (form?.matches("[data-picking]")) count(form);
});
document.addEventListener("reset", (event) => {
  if (event.target.matches("[data-picking]")) setTimeout(() => count(event.target));
});
// A page that came fresh knows nothing of what is picked here.
for (const come of ["htmx:afterSettle", "fresh"]) {
  document.addEventListener(come, () => document.querySelectorAll("[data-picking]").forEach(count));
}
