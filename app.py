"""What AWS Lambda calls: the API, the jobs, the sweep."""
# ruff: noqa: E402 (nothing is collected while all is imported: it is there to stay)

import gc

gc.disable()

import logging
from typing import Any

from chalice.app import Chalice, CloudWatchEvent, Rate, SQSEvent

from chalicelib.accounts import pages as account_pages
from chalicelib.accounts.admission import admit
from chalicelib.audit.service import note, note_refusal
from chalicelib.docs.pages import pages
from chalicelib.engines.aws import events as aws_events
from chalicelib.http import front_door
from chalicelib.http.front_door import Guards
from chalicelib.http.routes import Route
from chalicelib.http.table import RouteTable
from chalicelib.jobs import sweep, worker


def _load_features() -> list[Route]:
    from chalicelib import features

    return features.all_routes()


logging.getLogger("chalicelib").setLevel(logging.INFO)

app = Chalice(app_name="orbitra")
table = RouteTable(_load_features)
guards = Guards(admit, note, note_refusal)
front_door.mount(app, table, guards, {**account_pages.PAGES, **pages(table)})


def api(event: dict[str, Any], context: Any) -> Any:
    """Answer a request that API Gateway hands over."""
    return app(front_door.directed(app, event), context)


@app.on_sqs_message(queue="orbitra-jobs", batch_size=10, name="work")
def work(event: SQSEvent) -> dict[str, list[dict[str, str]]]:
    """Do the jobs of a batch; what could not be done is reported, and stays in the queue."""
    _load_features()
    kept = worker.receive(event.to_dict()["Records"])
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in kept]}


@app.schedule(Rate(1, unit=Rate.MINUTES), name="sweep")
def sweep_jobs(event: CloudWatchEvent) -> None:
    """Send the jobs again that should have been seen to by now."""
    del event
    sweep.sweep()


@app.on_cw_event(aws_events.PATTERN, name="built")
def hear_of_builds(event: CloudWatchEvent) -> None:
    """Let the deployment look again whose build has changed."""
    aws_events.on_build(event.detail)


gc.freeze()
gc.enable()
