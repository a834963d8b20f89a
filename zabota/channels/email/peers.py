"""Who is at the other end of a session."""

import ipaddress


def is_here(host: str) -> bool:
    """Whether it is this machine: loopback, or a Unix socket, which has no address."""
    if not host:
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False
