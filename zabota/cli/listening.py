"""Ports: taken before anything heavy, and asked whether somebody answers."""

import errno
import http.client
import socket

from zabota.core.environment import EnvironmentProblem

BACKLOG = 2048
ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


def listen(host: str, port: int, option: str) -> socket.socket:
    """A listening socket. Raises `EnvironmentProblem` naming the `option` that chooses the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise EnvironmentProblem(_why(host, port, option, error)) from error


def _why(host: str, port: int, option: str, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use: stop what listens there or choose another with {option}"
    if error.errno == errno.EACCES:
        return f"not allowed to listen on port {port}: choose one above 1023 with {option}"
    return f"cannot listen on {host} port {port} ({error.strerror}): see --host and {option}"


def check_port(host: str, port: int, option: str) -> None:
    """Whether `listen` would work."""
    listen(host, port, option).close()


def own_address(host: str) -> str:
    """How this machine reaches what listens on `host`."""
    return ANY.get(host, host)


def base_url(host: str, port: int) -> str:
    """`http://127.0.0.1:8000`, with brackets around an IPv6 address."""
    name = own_address(host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def answers_http(host: str, port: int) -> bool:
    """Whether `/healthz` says 200."""
    connection = http.client.HTTPConnection(own_address(host), port, timeout=2)
    try:
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def answers_tcp(host: str, port: int) -> bool:
    """Whether somebody takes the connection."""
    try:
        socket.create_connection((own_address(host), port), timeout=2).close()
    except OSError:
        return False
    return True
