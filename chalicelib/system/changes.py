"""What clients of the API should know has changed, newest first."""

import datetime
from dataclasses import dataclass
from typing import Literal

from ..http.routes import Route

Kind = Literal["added", "changed", "deprecated"]


@dataclass(frozen=True)
class Change:
    """One change; ``sunset`` is the day on which what is deprecated goes."""

    date: datetime.date
    kind: Kind
    title: str
    description: str
    sunset: datetime.date | None = None


CHANGES = (
    Change(
        datetime.date(2026, 11, 21),
        "added",
        "Container images",
        "Web services take a dockerfile_path, or source_type image with an image_ref, where the"
        " installation runs images; deployments answer with image_ref, and of an image git_url is"
        " null.",
    ),
    Change(
        datetime.date(2026, 11, 21),
        "added",
        "Variables, secrets and bindings",
        "Web services have variables (…/env) and take secrets of their project by bindings"
        " (…/secret-bindings), in the scope of their environment; …/secret-bindings/resolved shows"
        " what the next start gets, config_pending that a change waits for it.",
    ),
    Change(
        datetime.date(2026, 11, 21),
        "added",
        "Webhooks",
        "POST /v1/webhooks: signed events of projects, services and deployments, tried again for 24"
        " hours; what failed is sent again by redeliver and recover.",
    ),
    Change(
        datetime.date(2026, 11, 21),
        "added",
        "Push hooks",
        "POST /api/web-services/{id}/push-hook makes an address that a git host calls to deploy"
        " what was pushed.",
    ),
    Change(
        datetime.date(2026, 11, 21),
        "added",
        "Diagnoses",
        "GET /v1/deployments/{id}/diagnose says why a deployment failed and what to try; so does"
        " GET /api/web-services/{id}/deployments/{id}/diagnose.",
    ),
    Change(
        datetime.date(2026, 11, 21),
        "added",
        "Workers and static sites",
        "project_type may be worker (no port, url is null) or static_site, which serves its"
        " publish_directory, with spa also for unknown paths.",
    ),
    Change(
        datetime.date(2026, 11, 21),
        "added",
        "Scaling",
        "A service under load runs up to max_instances, and goes back to min_instances.",
    ),
    Change(
        datetime.date(2026, 11, 21),
        "added",
        "Logs that can be followed",
        "With follow=true the logs of a web service and of a deployment are streamed as server-sent"
        " events.",
    ),
    Change(
        datetime.date(2026, 11, 21),
        "added",
        "Metrics",
        "GET /api/web-services/{id}/metrics and …/metrics/history say what a service takes, and"
        " took.",
    ),
    Change(
        datetime.date(2026, 11, 21),
        "added",
        "Status",
        "GET /v1/status says how each part of the platform is; it needs no key.",
    ),
    Change(
        datetime.date(2026, 11, 21),
        "added",
        "Workspaces with members",
        "Invite people with a role, hand a workspace over, choose one by X-Workspace-Id.",
    ),
    Change(
        datetime.date(2026, 11, 21),
        "added",
        "Idempotency-Key",
        "Any authenticated POST may carry one: it is done once, and its answer is replayed for 24"
        " hours.",
    ),
    Change(
        datetime.date(2026, 11, 21),
        "added",
        "Limits in headers",
        "Every answer says where its caller stands: X-RateLimit-* for the hour, RateLimit-Policy"
        " and RateLimit for all.",
    ),
    Change(
        datetime.date(2026, 11, 21),
        "added",
        "API keys that can be narrowed",
        "A key can be bound to a project, expire, and be rotated.",
    ),
    Change(
        datetime.date(2026, 11, 21),
        "added",
        "Audit log",
        "GET /v1/audit-log lists who changed what.",
    ),
)


def all_changes(routes: list[Route]) -> list[Change]:
    """The changes and every deprecation of these routes, newest first."""
    found = [*CHANGES, *(_deprecated(route) for route in routes if route.deprecation)]
    return sorted(found, key=lambda change: change.date, reverse=True)


def _deprecated(route: Route) -> Change:
    told = route.deprecation
    if told is None:
        raise ValueError(f"{route.path} is not deprecated")
    return Change(
        told.since,
        "deprecated",
        f"{route.method} {route.path}",
        f"Use {told.successor} instead.",
        told.sunset,
    )
