"""All models share one client, by a private attribute of PynamoDB."""

from chalicelib.accounts.store import User
from chalicelib.jobs import Job
from chalicelib.projects.store import Project


def test_one_client() -> None:
    first, *others = [model._get_connection().connection.client for model in (User, Job, Project)]
    assert all(other is first for other in others)
