"""What the mail channel is told from outside, besides `ZABOTA_OUTGOING_MAIL`."""

import os
from dataclasses import dataclass
from functools import cache

from zabota.core.environment import EnvironmentProblem

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class MailSettings:
    """Sizes are in bytes; paths and names are empty where nothing is said."""

    largest: int = 50 * MEGABYTE
    in_flight: int = 256 * MEGABYTE
    certificate: str = ""
    key: str = ""
    dns: str = ""
    authserv_id: str = ""

    @property
    def asks_dns(self) -> bool:
        """Whether we check ourselves who speaks."""
        return self.dns != "off"


@cache
def mail_settings() -> MailSettings:
    """This process's settings. Raises `EnvironmentProblem` on what is no number."""
    get = os.environ.get
    return MailSettings(
        largest=_megabytes("ZABOTA_MAIL_SIZE", "50"),
        in_flight=_megabytes("ZABOTA_MAIL_IN_FLIGHT", "256"),
        certificate=get("ZABOTA_SMTP_CERT", ""),
        key=get("ZABOTA_SMTP_KEY", ""),
        dns=get("ZABOTA_DNS", ""),
        authserv_id=get("ZABOTA_AUTHSERV_ID", "").lower(),
    )


def _megabytes(name: str, default: str) -> int:
    said = os.environ.get(name) or default
    if not said.isdecimal() or not 1 <= int(said) <= 100_000:
        raise EnvironmentProblem(f"{name} is a number of megabytes, like {default}")
    return int(said) * MEGABYTE
