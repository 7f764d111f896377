"""What the stack costs: an idle month, and a million requests, from the template and list prices.

``python -m deploy.cost`` prints both, in USD. What is free at first (free tiers) is not taken off.
"""

import json
from pathlib import Path
from typing import Any

from . import template

MINUTES = 730 * 60
MEMORY_GB = 1
BYTES_OF_GB = 1e9
Lines = dict[str, float]


def idle_month(resources: dict[str, Any]) -> Lines:
    """USD a month of a stack that nobody calls, by what it is for."""
    price, assumed = _prices(), _assumed()
    sources = _count(resources, "Lambda::EventSourceMapping")
    polls = MINUTES * assumed["queue_polls_minute"] * sources
    sweep = price["lambda_call"] + _seconds(assumed["sweep_ms"])
    sweep += assumed["sweep_read_units"] * price["dynamodb_read_unit"]
    return {
        "KMS keys": _count(resources, "KMS::Key") * price["kms_key_month"],
        "alarms": _count(resources, "CloudWatch::Alarm") * price["alarm_month"],
        "polling of queues": polls * price["sqs_call"],
        "the sweep, every minute": MINUTES * sweep,
    }


def million_requests() -> Lines:
    """USD for a million authenticated lists of 20, by what it is for."""
    price, assumed = _prices(), _assumed()
    reads = assumed["request_read_units"] * price["dynamodb_read_unit"]
    writes = assumed["request_write_units"] * price["dynamodb_write_unit"]
    logged = assumed["request_log_bytes"] / BYTES_OF_GB * price["log_gb"]
    one = {
        "API Gateway": price["api_call"],
        "Lambda": price["lambda_call"] + _seconds(assumed["request_ms"]),
        "DynamoDB": reads + writes,
        "logs": logged,
    }
    return {name: usd * 1e6 for name, usd in one.items()}


def table(title: str, lines: Lines) -> str:
    """The lines with their sum, as Markdown."""
    rows = [f"| {name} | {usd:.2f} |" for name, usd in lines.items()]
    return "\n".join([f"| {title} | USD |", "|---|---|", *rows, f"| **sum** | **{_sum(lines)}** |"])


def _sum(lines: Lines) -> str:
    return f"{sum(lines.values()):.2f}"


def _count(resources: dict[str, Any], kind: str) -> int:
    return sum(one["Type"] == f"AWS::{kind}" for one in resources.values())


def _seconds(milliseconds: float) -> float:
    return milliseconds / 1000 * MEMORY_GB * _prices()["lambda_gb_second_arm64"]


def _prices() -> dict[str, float]:
    return {name: one["price"] for name, one in _data()["prices"].items()}


def _assumed() -> dict[str, Any]:
    return dict(_data()["assumed"])


def _data() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(Path(__file__).with_name("prices.json").read_text("utf-8"))
    return data


if __name__ == "__main__":
    from app import app

    print(table("an idle month", idle_month(template.make(app)["Resources"])), end="\n\n")
    print(table("a million requests", million_requests()))
