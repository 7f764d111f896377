"""Orbitra's table of contents: importing this declares every route and every job."""

from .accounts import routes as accounts
from .api_keys import routes as api_keys
from .audit import routes as audit
from .bindings import routes as bindings
from .bindings import users
from .deployments import power, removal, rollout
from .deployments import routes as deployments
from .environments import routes as environments
from .http.surfaces import all_routes
from .mail import events as mail
from .project_secrets import routes as project_secrets
from .projects import events as project_events
from .projects import routes as projects
from .push_hooks import routes as push_hooks
from .services import routes as services
from .system import routes as system
from .variables import routes as variables
from .webhooks import deliveries, recovery
from .webhooks import routes as webhooks
from .workspaces import events as workspace_events
from .workspaces import routes as workspaces

__all__ = [
    "accounts",
    "all_routes",
    "api_keys",
    "audit",
    "bindings",
    "deliveries",
    "deployments",
    "environments",
    "mail",
    "power",
    "project_events",
    "project_secrets",
    "projects",
    "push_hooks",
    "recovery",
    "removal",
    "rollout",
    "services",
    "system",
    "users",
    "variables",
    "webhooks",
    "workspace_events",
    "workspaces",
]
