"""What runs users' code; ``use`` puts an engine in place, ``engine`` answers with it."""

from .base import Engine, EngineUnavailable

_current: list[Engine] = []


def use(engine: Engine) -> None:
    """Make this engine the one of the process."""
    _current[:] = [engine]


def engine() -> Engine:
    """The engine of the process: the one in use, else the one that the settings name.

    Raises ``EngineUnavailable`` when there is none.
    """
    if not _current:
        use(_chosen())
    return _current[0]


def _chosen() -> Engine:
    from ..settings import settings

    match settings().engine:
        case "aws":
            from .aws.engine import AwsEngine

            return AwsEngine()
        case "simulated":
            from .simulated import SimulatedEngine

            return SimulatedEngine()
    raise EngineUnavailable("this installation has no engine that runs apps")
