"""The channels this house has; each folder under `zabota/channels/` registers one."""

from zabota.intake.protocol import Channel

CHANNELS: dict[str, Channel] = {}


def register(channel: Channel) -> None:
    """Make a channel known by its kind."""
    CHANNELS[channel.kind] = channel


def channel_of(kind: str) -> Channel:
    """The channel of this kind. Raises `KeyError` if its folder is not installed."""
    return CHANNELS[kind]
