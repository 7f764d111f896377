"""Orbitra's table of contents: every feature, every event handler."""

import logging

from chalice.app import Chalice, CloudWatchEvent, Rate, SQSEvent

import chalicelib.accounts.routes
import chalicelib.api_keys.routes
import chalicelib.audit.routes
import chalicelib.deployments.power
import chalicelib.deployments.removal
import chalicelib.deployments.rollout
import chalicelib.deployments.routes
import chalicelib.mail.events
import chalicelib.projects.events
import chalicelib.projects.routes
import chalicelib.services.routes
import chalicelib.system.routes
import chalicelib.workspaces.events
import chalicelib.workspaces.routes  # noqa: F401 (importing a feature declares its routes and jobs)
from chalicelib.accounts import pages as account_pages
from chalicelib.accounts.admission import admit
from chalicelib.audit.service import note
from chalicelib.http import front_door
from chalicelib.http.front_door import Guards
from chalicelib.http.surfaces import all_routes
from chalicelib.jobs import sweep, worker

logging.getLogger("chalicelib").setLevel(logging.INFO)

app = Chalice(app_name="orbitra")
front_door.mount(app, all_routes(), Guards(admit, note), account_pages.PAGES)


@app.on_sqs_message(queue="orbitra-jobs", batch_size=10, name="work")
def work(event: SQSEvent) -> dict[str, list[dict[str, str]]]:
    """Do the jobs of a batch; what could not be done is reported, and stays in the queue."""
    kept = worker.receive(event.to_dict()["Records"])
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in kept]}


@app.schedule(Rate(1, unit=Rate.MINUTES), name="sweep")
def sweep_jobs(event: CloudWatchEvent) -> None:
    """Send the jobs again that should have been seen to by now."""
    del event
    sweep.sweep()
