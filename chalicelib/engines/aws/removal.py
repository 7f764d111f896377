"""Removes all that a service has."""

from . import layers, repository, runs, shelf
from .calls import MISSING, ask
from .versions import LIVE, function


def remove(service_id: str) -> None:
    """Remove a service's function with versions and URL, layers, images, logs, builds, notes."""
    name = function(service_id)
    url = {"FunctionName": name, "Qualifier": LIVE}
    ask("lambda", "delete_function_url_config", unless=MISSING, **url)
    ask("lambda", "delete_function", unless=MISSING, FunctionName=name)
    layers.remove(name)
    repository.remove(service_id)
    ask("logs", "delete_log_group", unless=MISSING, logGroupName=f"/aws/lambda/{name}")
    for each in shelf.names(service_id):
        runs.stop(service_id, each)
        runs.remove_log(service_id, each)
        shelf.clear(service_id, each)
