"""The command line from outside: exit codes, and what it costs to ask."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import PATIENCE

ROOT = Path(__file__).resolve().parents[2]


def zabota(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"} | variables
    return subprocess.run(
        [sys.executable, "-m", "zabota", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["inbox", "--help"]])
def test_help_needs_neither_django_nor_a_database(arguments: list[str]) -> None:
    script = (
        "import sys, zabota.cli\n"
        "try: zabota.cli.cli(sys.argv[1:])\n"
        "finally: print(*(m for m in ('django', 'psycopg', 'uvicorn') if m in sys.modules))"
    )
    command = [sys.executable, "-c", script, *arguments]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said.startswith("Usage:")
    assert said.splitlines()[-1] == ""


def test_parse_mail_needs_no_desk(tmp_path: Path) -> None:
    mail = tmp_path / "a.eml"
    mail.write_bytes(
        b"From: Dana <dana@example.com>\r\nSubject: =?utf-8?b?0KfQsNC5?=\r\n\r\nHello\r\n"
    )
    done = zabota("parse", "mail", str(mail), "--json", ZABOTA_DATA_DIR=str(tmp_path / "desk"))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["subject"] == "Чай"
    assert not (tmp_path / "desk").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["walk"],
        ["run", "--port", "99999"],
        ["token", "create"],
        ["parse", "mail", "/nowhere.eml"],
        ["inbox", "list", "--yaml"],
    ],
)
def test_wrong_usage_is_code_2(arguments: list[str]) -> None:
    done = zabota(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"DATABASE_URL": "postgresql://desk@127.0.0.1:1/desk"}, "cannot reach the database"),
        ({"DATABASE_URL": "mysql://desk/desk"}, "DATABASE_URL must start with postgresql://"),
        ({"ZABOTA_DATA_DIR": "/dev/null/desk"}, "cannot write to /dev/null/desk"),
    ],
)
@pytest.mark.parametrize(
    "command", [["inbox", "list"], ["run", "--port=18999", "--smtp-port=18998"]]
)
def test_a_bad_environment_is_one_line_and_code_3(
    variables: dict[str, str], said: str, command: list[str], tmp_path: Path
) -> None:
    done = zabota(*command, **{"ZABOTA_DATA_DIR": str(tmp_path)} | variables)
    assert done.returncode == 3
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
