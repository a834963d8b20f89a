"""`python -m bench [--quick|--full] [--keep] [part …]`: measure, say, write RESULTS.md.

Single parts are only said, unless they are to be kept.

Exit code 1 if something broke or was left over; a target that is missed is said in the table.
"""

import argparse
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from bench.desk import Desk, open_desk
from bench.idle import measure_idle
from bench.report import RESULTS, RESULTS_FULL, Part, about_machine, merge, write_report
from bench.scale import FULL, PARTS, QUICK, USUAL, Scale, Size


def main(arguments: Sequence[str]) -> int:
    """Measure what is asked for, all of it by default; the exit code."""
    asked = _read(arguments)
    scale = QUICK if asked.quick else FULL if asked.full else USUAL
    chosen = [name for name in PARTS if name in (asked.parts or scale.parts)]
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="zabota-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # the database may run as another user
        about = about_machine(folder)
        parts, postgres = _measure(chosen, scale, folder)
    about[-1] += f", PostgreSQL {postgres} (embedded, settings of production, durable commits)"
    about.append(f"{_words(scale)}; {time.monotonic() - started:.0f} s in all")
    text = write_report(parts, about)
    print(text)
    if not asked.quick and (asked.keep or not asked.parts):
        file = RESULTS_FULL if asked.full else RESULTS
        old = file.read_text() if file.exists() else ""
        file.write_text(merge(old, text, apart=bool(asked.parts)))
    faults = [fault for part in parts for fault in part.faults]
    for fault in faults:
        print(f"bench: {fault}", file=sys.stderr)
    return 1 if faults else 0


def _read(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="tiny numbers: does it work at all?")
    size.add_argument("--full", action="store_true", help="a million tickets: for hours")
    parser.add_argument(
        "--keep", action="store_true", help="write single parts into RESULTS.md too"
    )
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], metavar="part", help=str(PARTS))
    return parser.parse_args(arguments)


def _measure(chosen: Iterable[str], scale: Scale, folder: Path) -> tuple[list[Part], str]:
    parts = []
    if "idle" in chosen:  # before a server of ours shares memory with the desk's
        parts.append(_run("idle", lambda: measure_idle(scale, folder)))
    with open_desk(folder / "desk") as desk:
        _seed(desk, chosen, scale)
        # Only now: these need Django to be set up.
        from bench.imap import measure_imap
        from bench.intake import measure_intake
        from bench.live import measure_live
        from bench.pages import measure_pages
        from bench.search import measure_search
        from bench.streams import measure_streams
        from bench.workers import measure_workers

        steps: dict[str, Callable[[], Part]] = {
            "pages": lambda: measure_pages(desk, scale),
            "search": lambda: measure_search(desk, scale),
            "intake": lambda: measure_intake(desk, scale),  # the large desk grows here
            "imap": lambda: measure_imap(desk, scale),
            "live": lambda: measure_live(desk, scale, folder),
            "workers": lambda: measure_workers(desk, scale, folder),
            "streams": lambda: measure_streams(desk, scale, folder),
        }
        parts += [_run(name, step) for name, step in steps.items() if name in chosen]
        return parts, desk.version()


def _seed(desk: Desk, chosen: Iterable[str], scale: Scale) -> None:
    from bench.seed import seed

    needed = {
        "pages": {scale.middle, scale.large},
        "search": {scale.middle, scale.large},
        "intake": {scale.small, scale.large},
        "live": {scale.small},
        "workers": {scale.small},
        "streams": {scale.small},
    }
    sizes: set[Size] = set().union(*(needed.get(name, set()) for name in chosen))
    for size in sorted(sizes, key=lambda size: size.tickets):
        started = time.monotonic()
        desk.create(size.name)
        desk.use(size.name)
        seed(size, lambda name=size.name: desk.admin(name))  # type: ignore[misc]
        _tell(f"a desk of {size.name} tickets", started)


def _run(name: str, step: Callable[[], Part]) -> Part:
    """The part; if it breaks, a part that says so."""
    started = time.monotonic()
    try:
        part = step()
    except Exception as error:
        traceback.print_exc()
        part = Part(name, "It broke.", faults=[f"{name}: {type(error).__name__}: {error}"])
    _tell(name, started)
    return part


def _tell(what: str, started: float) -> None:
    print(f"bench: {what}, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


def _words(scale: Scale) -> str:
    if scale is QUICK:
        return "**Quick: shows that it works, the figures mean nothing**"
    return f"Medians of {scale.runs} runs"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
