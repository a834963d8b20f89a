"""Who is at the other end of a session."""

import ipaddress


def is_here(host: str) -> bool:
    """Whether it is this machine: loopback, or a Unix socket, which has no address."""
    return not host or ((address := _read(host)) is not None and address.is_loopback)


def is_inside(host: str) -> bool:
    """Whether no stranger can be there: this machine, or a network that is not of the Internet.

    A server there hands on what others wrote; its own address says nothing about them.
    """
    return not host or ((address := _read(host)) is not None and not address.is_global)


def _read(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
