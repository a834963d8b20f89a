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

onconnect = ({ ports: [port] }) => {
  ports.add(port);
  port.onmessage = ({ data: address }) => {
    if (!address) ports.delete(port);
    else if (!source) open(address);
    if (!ports.size) close();
  };
};
