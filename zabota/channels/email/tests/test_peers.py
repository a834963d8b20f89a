"""Who can be at the other end of a session."""

import pytest

from zabota.channels.email.peers import is_here, is_inside


@pytest.mark.parametrize(
    ("host", "here", "inside"),
    [
        ("", True, True),
        ("127.0.0.1", True, True),
        ("::1", True, True),
        ("::ffff:127.0.0.1", True, True),
        ("10.1.2.3", False, True),
        ("172.18.0.5", False, True),
        ("fe80::1%eth0", False, True),
        ("8.8.8.8", False, False),
        ("2a00:1450::5", False, False),
        ("::ffff:8.8.8.8", False, False),
        ("not an address", False, False),
    ],
)
def test_where_a_peer_is(host: str, here: bool, inside: bool) -> None:
    assert (is_here(host), is_inside(host)) == (here, inside)
