"""How much is measured: all of it, or so little that it only shows that it works."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """A desk with this many tickets, of which so many are open."""

    tickets: int
    open: int

    @property
    def name(self) -> str:
        """`10 k` where it is round."""
        count = self.tickets
        return f"{count // 1000} k" if count % 1000 == 0 else str(count)


@dataclass(frozen=True, slots=True)
class Scale:
    """`requests` are for each page, person and size, `turns` for each word and person, a run."""

    small: Size
    middle: Size
    large: Size
    runs: int
    mails: int
    transactions: int
    requests: int
    turns: int
    sessions: int
    window: float
    starts: int
    settle: float


FULL = Scale(
    small=Size(1_000, 200),
    middle=Size(10_000, 2_000),
    large=Size(100_000, 10_000),
    runs=5,
    mails=2_000,
    transactions=1_000,
    requests=40,
    turns=6,
    sessions=200,
    window=3.0,
    starts=5,
    settle=10.0,
)
QUICK = Scale(
    small=Size(160, 40),
    middle=Size(240, 80),
    large=Size(800, 120),
    runs=1,
    mails=70,
    transactions=40,
    requests=2,
    turns=1,
    sessions=10,
    window=0.5,
    starts=1,
    settle=1.0,
)
