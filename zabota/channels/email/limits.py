"""What the reading of one mail may cost at most, and what it had to say about the mail."""

from dataclasses import dataclass, field

MAX_HEADER_BYTES = 1024 * 1024
MAX_HEADERS = 1000
MAX_VALUE_BYTES = 32 * 1024
MAX_PARAMETERS = 100
MAX_ADDRESSES = 500
MAX_REFERENCES = 100
MAX_PARTS = 500
MAX_DEPTH = 20
MAX_LAYERS = 3
MAX_BOUNDARIES = 20_000
MAX_TEXT = 600_000
MAX_TEXT_OF_A_PART = 400_000
MAX_WARNINGS = 20


@dataclass(slots=True)
class Reading:
    """One reading of one mail: what it may still take, and the warnings so far."""

    warnings: list[str] = field(default_factory=list)
    parts_left: int = MAX_PARTS
    boundaries_left: int = MAX_BOUNDARIES
    text_left: int = MAX_TEXT
    layers_left: int = MAX_LAYERS
    opens: bool = True  # envelopes that only libraries of others can open: winmail.dat, calendars

    def warn(self, text: str) -> None:
        """Note what an agent or administrator may want to know; each thing once."""
        if text not in self.warnings and len(self.warnings) < MAX_WARNINGS:
            self.warnings.append(text)

    def take_text(self, wanted: int) -> int:
        """How many characters of `wanted` may still be shown; they are counted as used."""
        granted = min(wanted, MAX_TEXT_OF_A_PART, self.text_left)
        self.text_left -= granted
        return granted
