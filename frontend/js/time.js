// «18 мин» grows old while it stands: once a minute it is said anew, in the words the page gave.
const MINUTE = 60_000;

function say(element) {
  const words = document.querySelector("[data-minutes]")?.dataset.minutes;
  const at = new Date(element.dateTime);
  const minutes = Math.floor((Date.now() - at) / MINUTE);
  if (!words || minutes < 1) return;
  if (minutes < 60) element.textContent = words.replace("0", minutes);
  // The zone is the desk's, not the browser's: it stands in the attribute.
  else if (minutes < 120) element.textContent = element.dateTime.slice(11, 16).replace(/^0/, "");
}

setInterval(() => {
  if (!document.hidden) document.querySelectorAll("time[data-ago]").forEach(say);
}, MINUTE);
