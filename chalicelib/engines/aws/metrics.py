"""How many instances of a service ran, from CloudWatch.

Lambda measures neither processor nor memory without a paid extension: they stay unknown.
"""

from datetime import UTC, datetime

from ... import clock
from ..base import Sample
from .calls import pages
from .versions import function

STEP_SECONDS = 60


def read(service_id: str, period_seconds: int) -> list[Sample]:
    """Samples of the last ``period_seconds``, the oldest first."""
    end = clock.now()
    found = pages(
        "cloudwatch",
        "get_metric_data",
        ("NextToken", "NextToken"),
        MetricDataQueries=[_query(service_id)],
        StartTime=datetime.fromtimestamp(end - max(period_seconds, 2 * STEP_SECONDS), UTC),
        EndTime=datetime.fromtimestamp(end, UTC),
        ScanBy="TimestampAscending",
    )
    results = [each for page in found for each in page["MetricDataResults"]]
    points = [zip(each["Timestamps"], each["Values"], strict=True) for each in results]
    return [
        Sample(int(at.timestamp()), None, None, int(value)) for each in points for at, value in each
    ]


def _query(service_id: str) -> dict[str, object]:
    dimensions = [{"Name": "FunctionName", "Value": function(service_id)}]
    name = {"Namespace": "AWS/Lambda", "MetricName": "ConcurrentExecutions"}
    metric = {**name, "Dimensions": dimensions}
    stat = {"Metric": metric, "Period": STEP_SECONDS, "Stat": "Maximum"}
    return {"Id": "instances", "MetricStat": stat}
