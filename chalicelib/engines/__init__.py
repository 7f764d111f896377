"""What runs users' code; ``use`` puts an engine in place, ``engine`` answers with it."""

from .base import Engine, EngineUnavailable

_current: list[Engine] = []


def use(engine: Engine) -> None:
    """Make this engine the one of the process."""
    _current[:] = [engine]


def engine() -> Engine:
    """The engine of the process. Raises ``EngineUnavailable`` when none is in place."""
    if not _current:
        raise EngineUnavailable("this installation has no engine that runs apps")
    return _current[0]
