"""A small S3: one bucket, keys and bytes, every request's signature checked (AWS SigV4)."""

import hashlib
import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

KEY, SECRET, BUCKET = "a key", "a secret", "desk"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self._is_signed(body):
            self.server.kept[self._name()] = body
            self._answer(200, b"", ETag=f'"{hashlib.md5(body).hexdigest()}"')

    def do_GET(self) -> None:
        if not self._is_signed(b""):
            return
        if "location" in urlsplit(self.path).query:
            self._answer(200, b"<LocationConstraint/>")
        elif (body := self.server.kept.get(self._name())) is None:
            self._refuse(404, "NoSuchKey")
        else:
            self._answer(200, body)

    def do_HEAD(self) -> None:
        if self._is_signed(b""):
            there = (
                urlsplit(self.path).path.strip("/") == BUCKET or self._name() in self.server.kept
            )
            self._answer(200 if there else 404, b"")

    def do_DELETE(self) -> None:
        if self._is_signed(b""):
            self.server.kept.pop(self._name(), None)
            self._answer(204, b"")

    def _name(self) -> str:
        return unquote(urlsplit(self.path).path).removeprefix(f"/{BUCKET}/")

    def _is_signed(self, body: bytes) -> bool:
        if self.server.is_down:
            self._refuse(503, "SlowDown")
            return False
        if self._signature(body) not in self.headers.get("Authorization", ""):
            self._refuse(403, "SignatureDoesNotMatch")
            return False
        return True

    def _signature(self, body: bytes) -> str:
        """https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html"""
        said = self.headers.get("Authorization", "")
        names = said.partition("SignedHeaders=")[2].partition(",")[0]
        scope = said.partition("Credential=")[2].partition(",")[0].partition("/")[2]
        url = urlsplit(self.path)
        headers = "".join(f"{n}:{self.headers[n]}\n" for n in names.split(";") if n)
        given = self.headers.get("x-amz-content-sha256", "")
        if given not in ("UNSIGNED-PAYLOAD", hashlib.sha256(body).hexdigest()):
            return "the body was changed"
        query = "&".join(sorted(p if "=" in p else f"{p}=" for p in url.query.split("&") if p))
        asked = "\n".join([self.command, url.path, query, headers, names, given])
        told = hashlib.sha256(asked.encode()).hexdigest()
        text = "\n".join(["AWS4-HMAC-SHA256", self.headers.get("x-amz-date", ""), scope, told])
        key = f"AWS4{SECRET}".encode()
        for part in [*scope.split("/"), text]:
            key = hmac.digest(key, part.encode(), "sha256")
        return f"Signature={key.hex()}"

    def _refuse(self, status: int, code: str) -> None:
        self._answer(status, f"<Error><Code>{code}</Code></Error>".encode())

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """What it keeps; `is_down` makes it refuse everything."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.kept: dict[str, bytes] = {}
        self.is_down = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def a_bucket() -> Iterator[Server]:
    """The server in a thread."""
    with Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
