"""What runs users' code; ``use`` puts an engine in place, ``engine`` answers with it."""

from .base import Engine

_current: list[Engine] = []


def use(engine: Engine) -> None:
    """Make this engine the one of the process."""
    _current[:] = [engine]


def engine() -> Engine:
    """The engine of the process; without one in place, the simulated one."""
    if not _current:
        from .simulated import SimulatedEngine

        use(SimulatedEngine())
    return _current[0]
