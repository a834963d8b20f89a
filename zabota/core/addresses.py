"""Which addresses on the network are anybody's: the ones a stranger may make us talk to."""

import ipaddress
import os

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
_NEVER = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # shared behind a provider (RFC 6598)
        "192.0.0.0/24",
        "192.88.99.0/24",  # relays of 6to4
        "64:ff9b:1::/48",  # NAT64 of this network (RFC 8215)
        "2001::/23",  # Teredo and others that carry an IPv4 address
        "2002::/16",  # 6to4
        "fec0::/10",
    )
)


def allows_loopback() -> bool:
    """Whether this machine itself may be asked: `ZABOTA_ALLOW_LOOPBACK=1`, for development."""
    return os.environ.get("ZABOTA_ALLOW_LOOPBACK", "") not in ("", "0", "no", "false")


def is_public(text: str) -> bool:
    """Whether this address is one of the whole world's: not ours, not our network's, not special.

    >>> is_public("93.184.216.34"), is_public("::ffff:10.0.0.1"), is_public("fe80::1%eth0")
    (True, False, False)
    """
    try:
        address = _unwrapped(ipaddress.ip_address(text))
    except ValueError:
        return False
    if address.is_loopback:
        return allows_loopback()
    special = (
        not address.is_global
        or address.is_multicast
        or address.is_reserved
        or address.is_unspecified
        or address.is_link_local
    )
    return not special and not any(address in network for network in _NEVER)


def _unwrapped(address: Address) -> Address:
    """The IPv4 address that an IPv6 address leads to, where it is one of those that do."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.scope_id:
        raise ValueError("an address of one network card")
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address
