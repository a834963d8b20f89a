// What is being written is shown beside it as it will be: the form's preview button is pressed for the
// writer, into its frame. The last one pressed counts.
const PAUSE = 400;
let timer = 0;

document.addEventListener("click", (event) => {
  const button = event.target.closest("form[data-preview] [formtarget]");
  if (button) button.form.dataset.preview = button.value;
});
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-preview]");
  if (!form) return;
  clearTimeout(timer);
  const button = form.querySelector(`[formtarget][value="${form.dataset.preview || "html"}"]`);
  timer = setTimeout(() => form.requestSubmit(button), PAUSE);
});
