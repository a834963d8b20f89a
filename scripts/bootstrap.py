"""Make the virtual environment and put uv into it: `bootstrap.py FOLDER LOCK`.

Runs on whatever `python3` is, hence the old-fashioned look.
"""

import subprocess
import sys
from pathlib import Path


def main(folder, lock):  # type: ignore[no-untyped-def]
    """Exit with one line of what to do where the machine lacks something."""
    version = "{}.{}".format(*sys.version_info[:2])
    if sys.version_info < (3, 11):  # noqa: UP036
        sys.exit(f"Python {version} is too old, Zabota needs 3.11 or later: make PYTHON=python3.11")
    try:
        import ensurepip  # noqa: F401
        import venv
    except ImportError:
        sys.exit(f"Python's venv is missing: apt install python{version}-venv")
    python = str(Path(folder, "bin", "python"))
    if not is_good(python, version):  # type: ignore[no-untyped-call]
        print(f"making {folder} with Python {version}", flush=True)
        venv.create(folder, with_pip=True, clear=True)
    pip = [python, "-m", "pip", "--disable-pip-version-check"]
    if subprocess.call([*pip, "install", "--quiet", "--require-hashes", "-r", lock]):
        sys.exit("uv could not be installed: see the lines above")


def is_good(python, version):  # type: ignore[no-untyped-def]
    """Whether the environment is there, whole, and of this version."""
    ask = "import sys, pip; sys.exit('{}.{}'.format(*sys.version_info[:2]) != sys.argv[1])"
    try:
        return subprocess.call([python, "-c", ask, version], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


main(*sys.argv[1:])  # type: ignore[no-untyped-call]
