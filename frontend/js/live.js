// What others do appears here without a reload: the stream says which tickets changed, the page asks
// for those fragments it shows. Never touches the composer, never moves the focus.
import { fragment, refresh } from "./morph.js";
import { holdBack } from "./list.js";
import { tellSeen } from "./seen.js";

const JITTER = 400;
const pending = new Set();
let timer = 0;

function want(...names) {
  for (const name of names) if (fragment(name)) pending.add(name);
  if (pending.size && !timer && !document.hidden) timer = setTimeout(fetchPending, Math.random() * JITTER);
}

async function fetchPending() {
  const names = [...pending];
  pending.clear();
  await refresh(names, holdBack).catch(() => want(...names));
  tellSeen();
  timer = 0;
  want();
}

function onChange({ tickets }) {
  const shown = Number(fragment("thread")?.dataset.number);
  if (tickets.includes(shown)) want("head", "thread", "card");
  want("list", "post", "rail");
}

const everything = () => want("head", "thread", "card", "list", "post", "rail");

function connect() {
  const address = document.querySelector("[data-live]")?.dataset.live;
  if (!address) return;
  if (globalThis.SharedWorker) {
    const worker = new SharedWorker(document.querySelector("[data-worker]").dataset.worker);
    worker.port.onmessage = ({ data }) => (data ? onChange(data) : everything());
    worker.port.postMessage(address);
    addEventListener("pagehide", () => worker.port.postMessage(""));
  } else {
    const source = new EventSource(address);
    source.addEventListener("change", (event) => onChange(JSON.parse(event.data)));
    source.addEventListener("resync", everything);
  }
}

document.addEventListener("visibilitychange", () => want());
addEventListener("pageshow", (event) => event.persisted && everything());
connect();
