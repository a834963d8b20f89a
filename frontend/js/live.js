// What others do appears here without a reload: the stream says which tickets changed, the page asks
// for those fragments it shows. Never touches the composer, never moves the focus.
import { fragment, refresh } from "./morph.js";
import { holdBack } from "./list.js";
import { tellSeen } from "./seen.js";

const JITTER = 400;
const pending = new Set();
let timer = 0;
let heardAt = 0;

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
  heardAt = performance.now();
  const shown = Number(fragment("thread")?.dataset.number);
  if (tickets.includes(shown)) want("head", "thread", "card");
  want("list", "post", "rail");
}

function everything() {
  heardAt = performance.now();
  want("head", "thread", "card", "list", "post", "rail");
}

// A page may have been written before what was heard of while it was under way.
const asked = new WeakMap();
document.addEventListener("htmx:beforeRequest", ({ detail }) => asked.set(detail.xhr, performance.now()));
document.addEventListener("htmx:afterSettle", ({ detail }) => heardAt > asked.get(detail.xhr) && everything());

function connect() {
  const address = document.querySelector("[data-live]")?.dataset.live;
  if (!address) return;
  if (globalThis.SharedWorker) {
    const worker = new SharedWorker(document.querySelector("[data-worker]").dataset.worker);
    worker.port.onmessage = ({ data }) => (data ? onChange(data) : everything());
    worker.port.postMessage(address);
    addEventListener("pagehide", () => worker.port.postMessage(""));
    addEventListener("pageshow", (event) => event.persisted && worker.port.postMessage(address));
  } else {
    const source = new EventSource(address);
    source.addEventListener("change", (event) => onChange(JSON.parse(event.data)));
    source.addEventListener("resync", everything);
  }
}

document.addEventListener("visibilitychange", () => want());
addEventListener("pageshow", (event) => event.persisted && everything());
connect();
