"""All models share the process's one client, by a private attribute of PynamoDB."""

from chalicelib import aws
from chalicelib.accounts.store import User
from chalicelib.jobs import Job
from chalicelib.projects.store import Project


def test_one_client() -> None:
    for model in (User, Job, Project):
        assert model._get_connection().connection.client is aws.client("dynamodb")
