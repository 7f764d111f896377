"""Removes all that a service has."""

from . import layers, runs, shelf
from .calls import MISSING, ask
from .versions import LIVE, function


def remove(service_id: str) -> None:
    """Remove a service's function with its versions and URL, layers, logs, builds and notes."""
    name = function(service_id)
    url = {"FunctionName": name, "Qualifier": LIVE}
    ask("lambda", "delete_function_url_config", unless=MISSING, **url)
    ask("lambda", "delete_function", unless=MISSING, FunctionName=name)
    layers.remove(name)
    ask("logs", "delete_log_group", unless=MISSING, logGroupName=f"/aws/lambda/{name}")
    for each in shelf.names(service_id):
        runs.stop(service_id, each)
        runs.remove_log(service_id, each)
        shelf.clear(service_id, each)
