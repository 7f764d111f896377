"""What DynamoDB charges for the calls that are made, by its own rules.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html;
moto, which answers here, charges one unit whatever the call.
"""

import json
from typing import Any, Self
from unittest.mock import patch

from chalicelib.store.wire import Answer, Wire

READ_BYTES, WRITE_BYTES = 4096, 1024


class Meter:
    """Counts the calls within a ``with``, and their units."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.reads = 0.0
        self.writes = 0.0

    def __enter__(self) -> Self:
        real, meter = Wire._exchange, self

        def exchange(wire: Wire, operation: str, request: Any) -> Answer:
            answer = real(wire, operation, request)
            assert answer[0] == 200, answer[1]
            meter._count(operation, json.loads(request.data), json.loads(answer[1]))
            return answer

        self._patch = patch.object(Wire, "_exchange", exchange)
        self._patch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._patch.stop()

    def _count(self, operation: str, asked: dict[str, Any], answer: dict[str, Any]) -> None:
        """Raises ``NotImplementedError`` for what this does not know how to charge."""
        self.calls.append(operation)
        partly = asked.keys() & {"FilterExpression", "ProjectionExpression"}
        match operation:
            case "GetItem" if not partly:
                self.reads += _read(asked, size(answer.get("Item", {})))
            case "Query" if not partly:
                self.reads += _read(asked, sum(map(size, answer["Items"])))
            case "UpdateItem" if asked.get("ReturnValues") == "ALL_NEW":
                self.writes += max(1, -(-size(answer["Attributes"]) // WRITE_BYTES))
            case _:
                raise NotImplementedError(f"{operation} with {sorted(asked)}")


def size(item: dict[str, Any]) -> int:
    """The bytes of an item."""
    return sum(len(name.encode()) + _value(value) for name, value in item.items())


def _read(asked: dict[str, Any], read: int) -> float:
    units = max(1, -(-read // READ_BYTES))
    return units if asked.get("ConsistentRead") else units / 2


def _value(value: dict[str, Any]) -> int:
    [(kind, held)] = value.items()
    match kind:
        case "S":
            return len(held.encode())
        case "N":
            return 1 + -(-len(held.strip("-").replace(".", "")) // 2)
        case "L":
            return 3 + sum(1 + _value(one) for one in held)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _value(one) for name, one in held.items())
        case "BOOL" | "NULL":
            return 1
    raise NotImplementedError(kind)
