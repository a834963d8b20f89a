"""`zabota parse mail`."""

import json
from pathlib import Path

from click.testing import CliRunner

from zabota.channels.email.commands import parse_mail_command

PAYLOADS = Path(__file__).parent / "payloads"


def test_json_is_one_object() -> None:
    path = PAYLOADS / "gmail_web_ru.eml"
    result = CliRunner().invoke(parse_mail_command, [str(path), "--json"])
    assert result.exit_code == 0
    assert json.loads(result.output) == json.loads(path.with_suffix(".json").read_text())


def test_standard_input() -> None:
    result = CliRunner().invoke(parse_mail_command, ["-", "--json"], input=b"Subject: x\r\n\r\ny")
    assert json.loads(result.output)["subject"] == "x"


def test_summary() -> None:
    result = CliRunner().invoke(parse_mail_command, [str(PAYLOADS / "iphone_ru.eml")])
    assert result.exit_code == 0
    assert "Ещё вопрос: гарантия есть?\n\n│ Отправлено с iPhone" in result.output


def test_a_missing_file_is_wrong_usage() -> None:
    result = CliRunner().invoke(parse_mail_command, ["nowhere.eml", "--json"])
    assert result.exit_code == 2
    assert "nowhere.eml" in result.output
