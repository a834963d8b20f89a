// Toasts leave by themselves (the style sheet counts), those with seconds say how many are left.
document.addEventListener("animationend", (event) => {
  if (event.animationName === "leave") event.target.remove();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) event.target.closest(".toast")?.remove();
});
setInterval(() => {
  for (const left of document.querySelectorAll("[data-countdown]")) {
    left.textContent = Math.max(0, Number(left.textContent) - 1);
  }
}, 1000);
