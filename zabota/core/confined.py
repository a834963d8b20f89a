"""Work on strangers' bytes in a process of its own, which may take little memory and little time.

A parser that hangs, or a picture that unfolds to gigabytes, ends that process and nothing else.
It is started when first needed, stays for the next piece of work, and is replaced after some
hundreds. It knows no secrets: neither settings nor database. On macOS memory is not limited.
"""

import atexit
import contextlib
import importlib
import json
import os
import resource
import select
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

MEGABYTE = 1024 * 1024
CPU_SECONDS = 5.0
WALL_SECONDS = (
    20  # for what sleeps; what works is ended by the processor's clock, busy machine or not
)
MEMORY = 176 * MEGABYTE  # above what the interpreter and its libraries take
TURNS = 300
IDLE_SECONDS = 120

Answer = tuple[Any, list[bytes]]


class TooMuch(Exception):
    """The work was ended before it was done; the text says in words why."""


class _Left(TooMuch):
    """The process had ended by itself."""


@dataclass
class Helper:
    """One process at a time that runs functions for us, `module:name` each.

    Such a function takes the given arguments, JSON and bytes, and gives back the same. From any
    thread; one piece of work at a time.
    """

    _process: subprocess.Popen[bytes] | None = None
    _owner: int = 0
    _turns: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        atexit.register(self.end)

    def run(
        self, function: str, arguments: Any, blobs: list[bytes], *, seconds: float = CPU_SECONDS
    ) -> Answer:
        """What `function` answers within so many seconds of the processor.

        Raises `TooMuch`; `OSError` where no process can be started.
        """
        request = {"call": function, "with": arguments, "seconds": seconds}
        with self._lock:
            try:
                return self._asked(self._started(), request, blobs)
            except _Left:  # it had nothing to do for long, and went at this very moment
                return self._asked(self._started(), request, blobs)
            except BaseException:
                self._drop()
                raise

    @property
    def is_busy(self) -> bool:
        """Whether the next piece of work would wait."""
        return self._lock.locked()

    def end(self) -> None:
        """End the process, if there is one."""
        with self._lock:
            self._drop()

    def _started(self) -> subprocess.Popen[bytes]:
        fresh = self._process is not None and self._owner == os.getpid() and self._turns < TURNS
        if not fresh or self._process is None or self._process.poll() is not None:
            self._drop()
            self._process, self._owner, self._turns = _start(), os.getpid(), 0
        self._turns += 1
        return self._process

    def _drop(self) -> None:
        process, self._process = self._process, None
        if process is not None and self._owner == os.getpid():
            _end(process)

    def _asked(self, process: subprocess.Popen[bytes], request: Any, blobs: list[bytes]) -> Answer:
        assert process.stdin and process.stdout
        timer = threading.Timer(WALL_SECONDS, process.kill)
        timer.start()
        try:
            write_frame(process.stdin, request, blobs)
            answer, content = read_frame(process.stdout)
        except (EOFError, OSError, ValueError):
            process.stdout.close()  # whatever it does now, it ends
            status = process.wait()
            if status == 0:
                raise _Left from None
            raise TooMuch(_why(status, request["seconds"])) from None
        finally:
            timer.cancel()
        if "failed" in answer:
            raise TooMuch(str(answer["failed"])[:500])
        return answer["done"], content


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):
            if pipe:
                pipe.close()


def _start() -> subprocess.Popen[bytes]:
    root = str(Path(__file__).resolve().parents[2])
    environment = {
        "PYTHONPATH": root,
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "MALLOC_ARENA_MAX": "1",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "zabota.core.confined"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # a stranger's words do not belong into the log
        env=environment,
    )


def _why(status: int, seconds: float) -> str:
    if status == -signal.SIGPROF:
        return f"reading it takes more than {seconds:g} seconds"
    if status == -signal.SIGKILL:
        return f"reading it took more than {WALL_SECONDS} seconds, or all the memory of the machine"
    return f"the process that read it ended ({status})"


def write_frame(pipe: IO[bytes], head: Any, blobs: list[bytes]) -> None:
    """One request or answer: the length of the JSON, the JSON, the bytes it announces."""
    text = json.dumps({"head": head, "sizes": [len(blob) for blob in blobs]}).encode()
    pipe.write(len(text).to_bytes(8, "big") + text)
    for blob in blobs:
        pipe.write(blob)
    pipe.flush()


def read_frame(pipe: IO[bytes]) -> Answer:
    """The next one. Raises `EOFError` where there is none, `ValueError` where it is none."""
    frame = json.loads(_exactly(pipe, int.from_bytes(_exactly(pipe, 8), "big")))
    return frame["head"], [_exactly(pipe, size) for size in frame["sizes"]]


def _exactly(pipe: IO[bytes], size: int) -> bytes:
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _serve() -> None:
    """The far side: answer requests until there are none for a while."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the desk ends by itself, and this after it
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it writes to pipes only
    while select.select([asked], [], [], IDLE_SECONDS)[0]:
        try:
            request, blobs = read_frame(asked)
        except EOFError:
            return
        write_frame(answers, *_answer(request, blobs))


def _answer(request: Any, blobs: list[bytes]) -> Answer:
    try:
        module, _, name = request["call"].partition(":")
        function = getattr(importlib.import_module(module), name)
        _limit_memory()
        signal.setitimer(signal.ITIMER_PROF, request["seconds"])  # its end is the process's
        done, content = function(request["with"], blobs)
        signal.setitimer(signal.ITIMER_PROF, 0)
    except MemoryError:
        return {"failed": "reading it takes too much memory"}, []
    except RecursionError:
        return {"failed": "it is nested too deep"}, []
    except Exception as error:
        signal.setitimer(signal.ITIMER_PROF, 0)
        return {"failed": f"{type(error).__name__}: {error}"}, []
    return {"done": done}, content


_room: list[int] = []


def _limit_memory() -> None:
    """As much as was used before the first piece of work, and what one may take besides."""
    with contextlib.suppress(OSError, ValueError):
        if not _room:
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            _room.append(pages * resource.getpagesize() + MEMORY)
            resource.setrlimit(resource.RLIMIT_AS, (_room[0], resource.RLIM_INFINITY))


if __name__ == "__main__":
    _serve()
