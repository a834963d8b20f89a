"""What each process of the tree does, in a tree or alone. All of them end at SIGTERM."""

import logging
import signal
import socket
import threading

from zabota.channels.email.doors import Doors
from zabota.core.processes import allow_files

# Whose word on where a request comes from is taken. Of what stands in X-Forwarded-For the last
# address that is none of these counts: anybody can write something in front of it.
PROXIES = "127.0.0.0/8,::1,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7"
GRACE = 1  # seconds for open streams and requests


def serve_web(listener: socket.socket) -> None:
    """Pages, API and streams."""
    import uvicorn

    from zabota.asgi import application
    from zabota.core.environment import env

    allow_files()  # each open screen is one, and a shell allows 1,024 unless asked
    config = uvicorn.Config(
        application,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=env.behind_proxy,
        forwarded_allow_ips=PROXIES,
        timeout_graceful_shutdown=GRACE,
    )
    # Open streams are cut short at every stop; that is no error.
    logging.getLogger("uvicorn.error").addFilter(lambda r: "graceful shutdown" not in r.msg)
    uvicorn.Server(config).run(sockets=[listener])


def serve_worker() -> None:
    """Applies what came in, sends what goes out."""
    from zabota import worker

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    worker.run_worker(stop.is_set)


def serve_mail(doors: Doors) -> None:
    """Takes mail in by SMTP and LMTP, and fetches it by IMAP."""
    from zabota.channels.email.fetchers import fetching
    from zabota.channels.email.listener import serve

    with fetching():
        serve(doors)


def load_everything() -> None:
    """Import in the parent what its children run, so that they share the memory."""
    import gc

    import httptools  # noqa: F401
    import uvicorn  # noqa: F401
    import uvloop  # noqa: F401
    from django.urls import resolve

    import zabota.asgi
    import zabota.channels.email.fetchers
    import zabota.channels.email.listener
    import zabota.worker  # noqa: F401

    resolve("/healthz")
    gc.collect()
    gc.freeze()
