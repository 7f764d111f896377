"""What an idle month and a million requests cost."""

import json
from pathlib import Path

import pytest

import app
from chalicelib.jobs import sweep
from chalicelib.workspaces import gate
from chalicelib.workspaces.gate import Gate
from chalicelib.workspaces.gate_state import Moment
from deploy import SOURCES, cost, template
from tests.client import Client
from tests.contract.world import tenant_of
from tests.units import Meter

MADE = template.make(app.app)
ASSUMED = json.loads((SOURCES / "deploy" / "prices.json").read_text())["assumed"]
PROJECT = {
    "name": "my-new-app",
    "region": "us-west-2",
    "framework": "nodejs",
    "description": "A project like any other, with a line about itself",
}


def test_an_idle_month_costs_a_few_dollars() -> None:
    lines = cost.idle_month(MADE)
    assert lines["KMS key"] == pytest.approx(1.0)
    assert 0 < sum(lines.values()) < 3


def test_another_alarm_costs_more() -> None:
    more = MADE["Resources"] | {"Another": {"Type": "AWS::CloudWatch::Alarm"}}
    before, after = (cost.idle_month(one) for one in (MADE, {**MADE, "Resources": more}))
    assert after["alarms"] - before["alarms"] == pytest.approx(0.1)


def test_it_is_known_of_every_resource_whether_it_costs_while_idle() -> None:
    assert not cost.unknown(MADE)
    more = {"Resources": {"WayOut": {"Type": "AWS::EC2::NatGateway"}}}
    assert cost.unknown(more) == {"AWS::EC2::NatGateway"}


def test_the_table_ends_with_the_sum() -> None:
    shown = cost.table("a day", {"one": 1.25, "another": 0.5})
    assert shown.splitlines()[-1] == "| **sum** | **1.75** |"


def test_the_readme_shows_what_is_computed() -> None:
    readme = Path(SOURCES, "README.md").read_text("utf-8")
    for shown in cost.tables(MADE):
        assert shown in readme


def test_a_list_of_20_needs_what_is_paid_for(ada: Client) -> None:
    for _ in range(20):
        assert ada.post("/v1/projects", PROJECT).status == 201
    tenant, key = tenant_of(ada), ada.key("read")
    _let_have_called(tenant, 118)
    key.get("/v1/projects")
    with Meter() as meter:
        reply = key.get("/v1/projects")
    assert len(reply.json()["data"]) == 20
    assert len(meter.calls) == ASSUMED["request_calls"], meter.calls
    assert meter.reads == ASSUMED["request_read_units"]
    assert meter.writes == ASSUMED["request_write_units"]
    assert len(f"{reply.headers}{reply.text}") <= ASSUMED["request_answer_bytes"]


def _let_have_called(tenant: str, times: int) -> None:
    """Let every key of a workspace have called so often in the last minute."""
    found = Gate.get(tenant, "gate")
    keys = [name for name in found.rings.as_dict() if not name.startswith("ses_")]
    for key in keys:
        found.rings[key] = [Moment.now().stamp] * times
    found.save()
    gate.forget()


def test_a_sweep_needs_what_is_paid_for() -> None:
    with Meter() as meter:
        assert sweep.sweep() == 0
    assert meter.reads == ASSUMED["sweep_read_units"]
    assert meter.writes == 0
