// A conversation that stands on a visible screen has been seen: its row is no longer bold.
import { fragment } from "./morph.js";

let told = "";

export function tellSeen() {
  const thread = fragment("thread");
  if (!thread || document.hidden || told === thread.dataset.turn) return;
  told = thread.dataset.turn;
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  fetch(thread.dataset.seen, { method: "POST", headers: { "X-CSRFToken": token } });
  document.getElementById(`row-${thread.dataset.number}`)?.classList.remove("is-unread");
}

document.addEventListener("visibilitychange", tellSeen);
document.addEventListener("htmx:afterSettle", tellSeen);
tellSeen();
