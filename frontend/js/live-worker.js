// One stream for all tabs of this browser: HTTP/1.1 gives a host six connections, and a tab is cheap.
// A tab sends the stream's address when it comes and "" when it goes; it gets what changed, or null
// when something may have been missed.
const ports = new Set();
let source = null;

function tell(what) {
  for (const port of ports) port.postMessage(what);
}

function open(address) {
  source = new EventSource(address);
  source.addEventListener("change", (event) => tell(JSON.parse(event.data)));
  source.addEventListener("resync", () => tell(null));
  source.onerror = () => {
    // Refused for good, as after signing out: the next tab tries again.
    if (source.readyState === EventSource.CLOSED) source = null;
  };
}

function close() {
  source?.close();
  source = null;
}

function join(port, address) {
  ports.add(port);
  // What came between its page and now was told to others only; a fresh stream says so by itself.
  if (source) port.postMessage(null);
  else open(address);
}

onconnect = ({ ports: [port] }) => {
  port.onmessage = ({ data: address }) => {
    if (address) join(port, address);
    else ports.delete(port);
    if (!ports.size) close();
  };
};
