"""What the stack costs: an idle month, a million requests and what is kept, by list prices.

``python -m deploy.cost`` prints all three, in USD, from the template and ``prices.json``. What is
free at first (free tiers) is not taken off.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from . import template
from .template import Template

MINUTES = 730 * 60
RUNS_A_MONTH = {"rate(1 minute)": MINUTES}
BYTES_OF_GB = 1e9
BILLED = {"CloudWatch::Alarm", "KMS::Key", "Lambda::EventSourceMapping"}
Lines = dict[str, float]


def idle_month(made: Template) -> Lines:
    """USD a month of a stack that nobody calls and that keeps nothing yet, by what it is for."""
    price, assumed = _prices(), _assumed()
    polls = MINUTES * assumed["queue_polls_minute"] * _count(made, "Lambda::EventSourceMapping")
    return {
        "KMS key": _count(made, "KMS::Key") * price["kms_key_month"],
        "alarms": _count(made, "CloudWatch::Alarm") * price["alarm_month"],
        "polling of the queue": polls * price["sqs_call"],
        "the sweep": _runs(made) * _sweep(made),
    }


def million_requests(made: Template) -> Lines:
    """USD for a million authenticated lists of 20, by what it is for."""
    price, assumed = _prices(), _assumed()
    one = {
        "API Gateway": price["api_call"],
        "DynamoDB": _units("request"),
        "Lambda": _call(made, assumed["request_ms"]),
        "traffic out": _gb("request_answer_bytes") * price["traffic_out_gb"],
        "logs": _gb("request_log_bytes") * price["log_gb"],
    }
    return {name: usd * 1e6 for name, usd in one.items()}


def kept_month(made: Template) -> Lines:
    """USD a month for each GB that is kept, and for each of a key's first two yearly rotations."""
    price = _prices()
    recovered = any(_enabled(one) for one in _of_type(made, "DynamoDB::Table"))
    recovery = price["dynamodb_recovery_gb_month"] if recovered else 0
    lines = {
        "DynamoDB::Table": ("a GB in tables, with recovery", price["dynamodb_gb_month"] + recovery),
        "ECR::Repository": ("a GB of images", price["ecr_gb_month"]),
        "Logs::LogGroup": ("a GB of logs", price["log_gb_month"]),
        "S3::Bucket": ("a GB of artifacts", price["s3_gb_month"]),
        "KMS::Key": ("a rotation of the key", price["kms_rotation_month"]),
    }
    return dict(line for kind, line in lines.items() if _count(made, kind))


def unknown(made: Template) -> set[str]:
    """The types of resources of which nobody has said yet whether they cost while idle."""
    types = {str(one["Type"]) for one in made["Resources"].values()}
    return types - set(_data()["free_while_idle"]) - {f"AWS::{kind}" for kind in BILLED}


def table(title: str, lines: Lines, ends_with_sum: bool = True) -> str:
    """The lines, with their sum, as Markdown."""
    rows = [f"| {name} | {usd:.2f} |" for name, usd in lines.items()]
    if ends_with_sum:
        rows.append(f"| **sum** | **{sum(lines.values()):.2f}** |")
    return "\n".join([f"| {title} | USD |", "|---|---|", *rows])


def tables(made: Template) -> list[str]:
    """What ``make cost`` prints and the README shows."""
    return [
        table("an idle month", idle_month(made)),
        table("a million lists of 20", million_requests(made)),
        table("kept for a month", kept_month(made), ends_with_sum=False),
    ]


def _sweep(made: Template) -> float:
    logged = _gb("sweep_log_bytes") * _prices()["log_gb"]
    return _call(made, _assumed()["sweep_ms"]) + _units("sweep") + logged


def _units(what: str) -> float:
    price, assumed = _prices(), _assumed()
    written = assumed.get(f"{what}_write_units", 0) * price["dynamodb_write_unit"]
    return float(assumed[f"{what}_read_units"] * price["dynamodb_read_unit"] + written)


def _call(made: Template, milliseconds: float) -> float:
    """A call of a function that takes so long, with the memory that the template gives it."""
    memory_gb = made["Parameters"]["Memory"]["Default"] / 1024
    seconds = milliseconds / 1000 * memory_gb
    return float(_prices()["lambda_call"] + seconds * _prices()["lambda_gb_second_arm64"])


def _gb(assumed: str) -> float:
    return float(_assumed()[assumed] / BYTES_OF_GB)


def _runs(made: Template) -> int:
    """How often a month schedules call. Raises ``KeyError`` for one that is not known here."""
    rules = _of_type(made, "Events::Rule")
    expressions = [one["ScheduleExpression"] for one in rules if "ScheduleExpression" in one]
    return sum(RUNS_A_MONTH[one] for one in expressions)


def _enabled(table: dict[str, Any]) -> bool:
    recovery = table.get("PointInTimeRecoverySpecification", {})
    return bool(recovery.get("PointInTimeRecoveryEnabled"))


def _count(made: Template, kind: str) -> int:
    return len(list(_of_type(made, kind)))


def _of_type(made: Template, kind: str) -> Iterator[dict[str, Any]]:
    """The properties of all resources of a type."""
    for one in made["Resources"].values():
        if one["Type"] == f"AWS::{kind}":
            yield one.get("Properties", {})


def _prices() -> dict[str, float]:
    return {name: one["price"] for name, one in _data()["prices"].items()}


def _assumed() -> dict[str, Any]:
    return dict(_data()["assumed"])


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(Path(__file__).with_name("prices.json").read_text("utf-8"))
    return data


if __name__ == "__main__":
    from app import app

    print("\n\n".join(tables(template.make(app))))
