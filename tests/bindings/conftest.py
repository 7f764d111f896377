"""A web service to configure."""

import pytest

from tests.client import Client, Queue
from tests.configuration import Configured


@pytest.fixture
def api(ada: Client, queue: Queue) -> Configured:
    return Configured.make(ada, queue)
