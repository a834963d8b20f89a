// One stream for all tabs of this browser: HTTP/1.1 gives a host six connections, and a tab is cheap.
const ports = new Set();
let source = null;

function tell(message) {
  for (const port of ports) port.postMessage(message);
}

function open(address) {
  source = new EventSource(address);
  let broken = false;
  source.addEventListener("change", (event) => tell(JSON.parse(event.data)));
  source.onopen = () => {
    if (broken) tell("again");
    broken = false;
  };
  source.onerror = () => {
    broken = true;
    if (source.readyState === EventSource.CLOSED) source = null;
  };
}

onconnect = ({ ports: [port] }) => {
  ports.add(port);
  port.onmessage = ({ data }) => {
    if (data === "bye") ports.delete(port);
    else if (!source) open(data);
    if (!ports.size && source) {
      source.close();
      source = null;
    }
  };
};
