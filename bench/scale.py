"""How much is measured: the usual, far more, or so little that it only shows that it works."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """A desk with so many tickets, so many of them open, and an odd number of messages each."""

    tickets: int
    open: int
    each: int = 3

    @property
    def name(self) -> str:
        """`10 k` where it is round."""
        count = self.tickets
        return f"{count // 1000} k" if count % 1000 == 0 else str(count)


@dataclass(frozen=True, slots=True)
class Scale:
    """`requests` are for each page, person and size, `turns` for each word and person, a run.

    `shared` mails are worked off by one worker and by two, `mailbox` fetched; `listeners` hear raw
    events, `screens` fetch fragments too. `parts` are measured unless others are asked for.
    """

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
    shared: int
    mailbox: int
    listeners: int
    screens: int
    parts: tuple[str, ...]


PARTS = ("idle", "pages", "search", "intake", "live", "workers", "streams", "imap")
USUAL = Scale(
    small=Size(1_000, 200),
    middle=Size(10_000, 2_000),
    large=Size(100_000, 10_000),
    runs=5,
    mails=2_000,
    transactions=1_000,
    requests=25,
    turns=4,
    sessions=200,
    window=3.0,
    starts=5,
    settle=10.0,
    shared=300,
    mailbox=2_000,
    listeners=2_000,
    screens=100,
    parts=("idle", "pages", "search", "intake", "live"),
)
# A million tickets and five million messages; what does not grow with them is not measured again.
FULL = Scale(
    small=Size(10_000, 2_000, 5),
    middle=Size(10_000, 2_000, 5),
    large=Size(1_000_000, 10_000, 5),
    runs=3,
    mails=1_000,
    transactions=1_000,
    requests=20,
    turns=3,
    sessions=200,
    window=3.0,
    starts=5,
    settle=10.0,
    shared=2_000,
    mailbox=50_000,
    listeners=10_000,
    screens=2_000,
    parts=("pages", "search", "intake", "workers", "streams", "imap"),
)
QUICK = Scale(
    small=Size(160, 40),
    middle=Size(160, 40),
    large=Size(800, 120),
    runs=1,
    mails=40,
    transactions=40,
    requests=2,
    turns=1,
    sessions=10,
    window=0.5,
    starts=1,
    settle=1.0,
    shared=20,
    mailbox=70,
    listeners=40,
    screens=4,
    parts=PARTS,
)
