"""What an idle month and a million requests cost."""

import pytest

import app
from deploy import cost, template

RESOURCES = template.make(app.app)["Resources"]


def test_an_idle_month_costs_a_few_dollars() -> None:
    lines = cost.idle_month(RESOURCES)
    assert lines["KMS keys"] == pytest.approx(1.0)
    assert 0 < sum(lines.values()) < 3


def test_another_alarm_costs_more() -> None:
    more = RESOURCES | {"Another": {"Type": "AWS::CloudWatch::Alarm"}}
    added = sum(cost.idle_month(more).values()) - sum(cost.idle_month(RESOURCES).values())
    assert added == pytest.approx(0.1)


def test_the_table_ends_with_the_sum() -> None:
    shown = cost.table("a day", {"one": 1.25, "another": 0.5})
    assert shown.splitlines()[-1] == "| **sum** | **1.75** |"
