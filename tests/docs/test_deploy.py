"""What `deploy` hands to other programs is of their form, and asks for figures there are."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
OPERATIONS = ROOT / "docs" / "operations.md"
METRIC = re.compile(r"zabota_[a-z_]+")


@pytest.mark.parametrize(
    "path", sorted(DEPLOY.rglob("*.y*ml")), ids=lambda path: str(path.relative_to(DEPLOY))
)
def test_each_file_is_yaml(path: Path) -> None:
    assert all(part for part in yaml.safe_load_all(path.read_text()))


@pytest.fixture
def figures(db: None) -> set[str]:
    """The names of what the desk says of itself."""
    said = Client().get("/metrics").content.decode()
    return set(re.findall(r"^# TYPE (zabota_[a-z_]+)", said, re.MULTILINE))


def test_alarms_ask_for_figures_there_are(figures: set[str]) -> None:
    for rule in _rules():
        asked = {re.sub(r"_(bucket|count)$", "", name) for name in METRIC.findall(rule["expr"])}
        assert asked <= figures, rule["alert"]


def test_the_table_of_figures_is_of_those_there_are(figures: set[str]) -> None:
    told = re.findall(r"^\| `(zabota_[a-z_]+)", OPERATIONS.read_text(), re.MULTILINE)
    assert told and set(told) <= figures


def test_alarms_and_figures_are_of_one_job() -> None:
    told = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    (job,) = (each["job_name"] for each in told["scrape_configs"])
    assert any(f'up{{job="{job}"}}' in rule["expr"] for rule in _rules())


def _rules() -> list[dict[str, Any]]:
    told = yaml.safe_load((DEPLOY / "prometheus" / "rules.yml").read_text())
    return [rule for group in told["groups"] for rule in group["rules"]]
