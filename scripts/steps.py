"""`steps.py test` runs every check and test, `steps.py check` the quick half: one line each.

What a step printed is shown only if it failed. The last line counts tests: `N passed, N failed`.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from urllib.parse import quote

from zabota.core.environment import EnvironmentProblem
from zabota.core.postgres import EmbeddedServer

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
CORES = min(os.cpu_count() or 2, 8)
PYTEST = [str(BIN / "python"), "-m", "pytest", "--dist", "loadfile", "--no-loadscope-reorder"]
POSTGRES_15 = Path("/usr/lib/postgresql/15/bin")
COUNTED = re.compile(r"(\d+) (passed|failed|errors?|skipped)")


@dataclass(frozen=True, slots=True)
class Step:
    """Something to run that is good if it ends with 0."""

    name: str
    command: list[str]
    env: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a step."""

    step: Step
    good: bool
    seconds: float
    output: str
    counts: dict[str, int] = field(default_factory=dict)


def tool(name: str, program: str, *arguments: str) -> Step:
    """A checker of this virtual environment; settings are read, no desk is touched."""
    env = {
        "ZABOTA_DATA_DIR": str(ROOT / "var" / "check"),
        "DJANGO_SETTINGS_MODULE": "zabota.settings",
    }
    return Step(name, [str(BIN / program), *arguments], env)


CHECKS = [
    tool("types (mypy --strict)", "mypy"),
    tool("lint (ruff)", "ruff", "check", "--quiet"),
    tool("format (ruff)", "ruff", "format", "--check", "--quiet"),
    tool("templates (djlint)", "djlint", "zabota", "--lint", "--quiet"),
    tool("layers (import-linter)", "lint-imports"),
    tool("migrations are complete", "python", "scripts/migrations.py"),
    tool("translations are complete", "python", "scripts/messages.py", "check"),
]
# They wait for servers and processes half of their time: one more than there are cores.
QUICK = Step("tests", [*PYTEST, "-n", str(CORES + 1), "-m", "not browser and not faults"])
TESTS = Step("tests", [*PYTEST, "-n", str(CORES + 1), "-m", "not browser"])
BROWSER = Step("browser journeys", [*PYTEST, "-n", str(CORES), "-m", "browser", "tests/browser"])
# What can hang on the server's version is SQL: of the rooms, the API and these pages; others ask
# nothing that those do not. Who may see what does not; nor do mail servers, which come to the same
# statements as the tests of intake, by a slower way.
PAGES_ON_15 = {"test_lists.py", "test_live.py", "test_post.py", "test_tickets.py"}
PAGES = (ROOT / "tests" / "workspace").glob("test_*.py")
NOT_ON_15 = ["tests/architecture", "tests/cli", "tests/intake/test_postfix.py", "zabota/channels"]
NOT_ON_15 += sorted(str(page) for page in PAGES if page.name not in PAGES_ON_15)
ON_15 = [
    *(*PYTEST, "-n", str(CORES), "-m", "database and not browser and not faults"),
    *(f"--ignore={path}" for path in NOT_ON_15),
]
SAYING = Lock()


def run(step: Step) -> Result:
    """Run one step."""
    began = time.monotonic()
    done = subprocess.run(
        step.command,
        cwd=ROOT,
        env=os.environ | step.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    seconds = time.monotonic() - began
    counts = _counts(done.stdout) if step.command[: len(PYTEST)] == PYTEST else {}
    return Result(step, done.returncode == 0, seconds, done.stdout, counts)


def _counts(output: str) -> dict[str, int]:
    """From pytest's closing line."""
    closing = output.strip().rpartition("\n")[2]
    return {word.rstrip("s"): int(number) for number, word in COUNTED.findall(closing)}


def show(result: Result) -> Result:
    """One line, and the output if it failed."""
    mark = "✓" if result.good else "✗"
    tests = ", ".join(f"{number} {word}" for word, number in result.counts.items())
    with SAYING:
        print(
            f"{mark} {result.step.name:<34} {result.seconds:6.1f} s  {tests}".rstrip(), flush=True
        )
        if not result.good:
            print(result.output.rstrip(), flush=True)
    return result


def skip(name: str, why: str) -> None:
    """Say loudly that something was not tested."""
    print(f"! {name:<34} SKIPPED: {why}", flush=True)


def run_checks() -> Iterator[Result]:
    """The checkers, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        yield from map(show, pool.map(run, CHECKS))


def run_browser() -> Iterator[Result]:
    """The browser journeys, with Chromium installed if it may be."""
    if not shutil.which("chromium") and not install_chromium():
        skip(BROWSER.name, "no Chromium: apt-get install chromium fonts-noto-core")
        return
    yield show(run(BROWSER))


def install_chromium() -> bool:
    """Whether it is here now; only root on Debian or its kin may try."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    print("installing Chromium", flush=True)
    install = ["install", "-qy", "--no-install-recommends", "chromium", "fonts-noto-core"]
    for arguments in ["update", "-q"], install:
        env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", *arguments], env=env, capture_output=True, check=False)
    return shutil.which("chromium") is not None


def run_on_postgres_15() -> Iterator[Result]:
    """What touches the database again, on an external server of the oldest version we promise."""
    name = "tests on PostgreSQL 15"
    if not (POSTGRES_15 / "postgres").exists():
        skip(name, f"{POSTGRES_15} is not there: apt-get install postgresql-15")
        return
    try:
        with external_postgres() as url:
            yield show(run(Step(name, ON_15, {"DATABASE_URL": url})))
    except EnvironmentProblem as problem:
        yield show(Result(Step(name, []), False, 0, str(problem)))


@contextmanager
def external_postgres() -> Iterator[str]:
    """A server from the machine's own package while this lasts; its `DATABASE_URL`."""
    fast = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    data_dir = ROOT / "var" / "test-pg" / "postgres-15"
    server = EmbeddedServer(data_dir, binaries=POSTGRES_15, settings=fast)
    if not server.launch():
        raise EnvironmentProblem(f"{data_dir} is in use: another make test runs")
    try:
        server.wait_until_ready()
        yield f"postgresql://zabota@/zabota?host={quote(str(server.sockets), safe='')}"
    finally:
        server.stop()


def conclude(results: Iterable[Result]) -> int:
    """The closing lines, for people and for machines; the exit code."""
    results = list(results)
    bad = [result.step.name for result in results if not result.good]
    if bad:
        print(f"\nnot good: {', '.join(bad)}")
    total = {
        word: sum(r.counts.get(word, 0) for r in results) for word in ("passed", "failed", "error")
    }
    print(f"{total['passed']} passed, {total['failed'] + total['error']} failed")
    return 1 if bad else 0


def main(which: str) -> int:
    """Run `check` or `test`; of the latter, all the rest beside the tests, which take longest."""
    if which == "check":
        return conclude([*run_checks(), show(run(QUICK))])

    def rest() -> list[Result]:
        return [*run_checks(), *run_on_postgres_15(), *run_browser()]

    with ThreadPoolExecutor(2) as pool:
        others = pool.submit(rest)
        tests = pool.submit(lambda: show(run(TESTS)))
        return conclude([*others.result(), tests.result()])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
