"""Verdicts, medians and mails of the measure."""

import pytest

from bench.corpus import Parent, make_mails
from bench.gauges import middle_of_runs, percentile
from bench.report import Figure, Part, merge, write_report


@pytest.mark.parametrize(
    ("value", "verdict"), [(5.9, "met, aim too"), (12.0, "met, aim not"), (12.1, "NOT MET")]
)
def test_a_figure_is_judged_by_target_and_aim(value: float, verdict: str) -> None:
    part = Part("", "")
    part.judge("CPU", value, "ms", most=12, aim=6)
    assert part.figures[0].verdict == verdict
    assert part.faults == []


def test_at_least() -> None:
    part = Part("", "")
    for value in (7.9, 8.0, 25.0):
        part.judge_least("rate", value, "%", least=8, aim=25)
    verdicts = [figure.verdict for figure in part.figures]
    assert verdicts == ["NOT MET", "met, aim not", "met, aim too"]


def test_what_is_left_over_is_a_fault() -> None:
    part = Part("", "")
    part.expect("mails not applied", 0)
    part.expect("events not handed out", 3)
    assert part.faults == ["events not handed out: 3"]
    assert part.figures[1] == Figure("events not handed out", "3", "0", "BROKEN")
    assert "**BROKEN**" in list(part.lines())[-2]


def test_percentiles() -> None:
    assert percentile([4, 1, 3, 2], 0.5) == 2
    assert percentile(range(1, 101), 0.95) == 95
    assert middle_of_runs([[1, 1], [2, 2], [90, 90]], 0.95) == 2


def test_mails_are_the_same_each_time_and_half_of_them_replies() -> None:
    seeded = [Parent("s1@seed.example", "c1@seed.example", "Чайник")]
    mails = make_mails(400, run="one", seeded=seeded)
    assert mails == make_mails(400, run="one", seeded=seeded)
    assert not {m.message_id for m in mails} & {m.message_id for m in make_mails(400, run="two")}
    replies = [(place, m.parent) for place, m in enumerate(mails) if m.parent]
    assert len(replies) == 200
    places = {m.message_id: place for place, m in enumerate(mails)}
    own = [(place, places[p.message_id]) for place, p in replies if p.message_id in places]
    assert len(own) > 60
    assert all(place - parent >= 60 for place, parent in own)
    assert 5_500 < sum(len(m.raw) for m in mails) / len(mails) < 7_500


def results(moment: str, *titles: str) -> str:
    return write_report([Part(title, f"measured {moment}") for title in titles], [moment, "idle"])


def test_parts_stay_until_they_are_measured_again() -> None:
    first = merge("", results("monday", "lists", "live"), apart=False)
    assert first == results("monday", "lists", "live")
    second = merge(first, results("tuesday", "lists"), apart=False)
    assert second.startswith(results("tuesday", "lists"))
    assert second.endswith("Measured apart: monday; idle.\n")
    third = merge(second, results("friday", "live"), apart=True)
    assert "- tuesday\n" in third and "measured tuesday" in third
    assert "monday" not in third and third.endswith("Measured apart: friday; idle.\n")
    assert merge(third, results("friday", "live"), apart=True) == third
