"""The bases and field types of what clients send and get."""

from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    SerializationInfo,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from .. import ids


class Body(BaseModel):
    """What a client sends. Unknown fields are errors; read-only ones of the answer are let by."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)

    read_only: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _drop_read_only(cls, sent: Any) -> Any:
        if not isinstance(sent, dict):
            return sent
        return {key: value for key, value in sent.items() if key not in cls.read_only}

    def sent(self) -> dict[str, Any]:
        """The fields that were in the body, by name."""
        return self.model_dump(exclude_unset=True)


class Query(BaseModel):
    """What a query string holds; what it does not know it ignores."""

    model_config = ConfigDict(extra="ignore", defer_build=True)


class Answer(BaseModel):
    """What a client gets, before the dialect of the surface writes it."""

    model_config = ConfigDict(from_attributes=True, defer_build=True)


class Meta(Answer):
    """The request that was answered."""

    requestId: str  # noqa: N815 (the contract's own spelling)


SENT_IN_CAMEL = ConfigDict(alias_generator=to_camel)
"""Bodies of the Sites surface: ``createdAt`` for ``created_at``."""

ANSWERED_IN_CAMEL = ConfigDict(alias_generator=to_camel, validate_by_name=True)
"""Answers of the Sites surface; our own code makes them by the plain names."""


class IdOf:
    """Marks a string as the id of a kind of resource: either spelling in, the dialect's out."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    def __get_pydantic_core_schema__(self, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """A string that is parsed into a TypeID and written by the dialect."""
        return core_schema.no_info_after_validator_function(
            lambda text: ids.parse(self.prefix, text),
            handler(str),
            serialization=core_schema.plain_serializer_function_ser_schema(
                _write_id, info_arg=True, when_used="json"
            ),
        )

    def __get_pydantic_json_schema__(
        self, _: CoreSchema, __: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """A marker that the OpenAPI description replaces by the dialect's own schema."""
        return {"type": "string", "x-id-of": self.prefix}


def _write_id(typeid: str, info: SerializationInfo) -> str:
    return str(info.context["dialect"].id(typeid)) if info.context else typeid


def _write_time(ms: int, info: SerializationInfo) -> Any:
    return info.context["dialect"].time(ms) if info.context else ms


_RFC3339: TypeAdapter[datetime] = TypeAdapter(datetime)


def _epoch_ms(sent: Any) -> int:
    """The moment of an RFC 3339 text; a number or a date alone is none."""
    text = sent if isinstance(sent, str) and "-" in sent else "neither"
    try:
        moment = _RFC3339.validate_python(text)
    except ValidationError:
        raise ValueError("must be an RFC 3339 time, like 2027-01-31T12:00:00Z") from None
    if moment.tzinfo is None:
        raise ValueError("must be an RFC 3339 time with its offset, like 2027-01-31T12:00:00Z")
    return int(moment.timestamp() * 1000)


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must hold no control characters")
    return text


Time = Annotated[
    int,
    PlainSerializer(_write_time, when_used="json"),
    WithJsonSchema({"type": "integer", "format": "epoch-ms"}),
]
"""Epoch milliseconds inside; as the dialect writes times outside."""

Moment = Annotated[
    int,
    BeforeValidator(_epoch_ms),
    WithJsonSchema({"type": "string", "format": "date-time", "maxLength": 40}),
]
"""A time that a client sends: RFC 3339 outside, epoch milliseconds inside."""

UserId = Annotated[str, IdOf("usr")]
WorkspaceId = Annotated[str, IdOf("wks")]
ProjectId = Annotated[str, IdOf("prj")]
ServiceId = Annotated[str, IdOf("svc")]
DeploymentId = Annotated[str, IdOf("dep")]
KeyId = Annotated[str, IdOf("key")]
EntryId = Annotated[str, IdOf("aud")]
WebhookId = Annotated[str, IdOf("whk")]
DeliveryId = Annotated[str, IdOf("dlv")]
VariableId = Annotated[str, IdOf("var")]
SecretId = Annotated[str, IdOf("sec")]
BindingId = Annotated[str, IdOf("bnd")]
EventId = Annotated[str, IdOf("evt")]
InvitationId = Annotated[str, IdOf("ivt")]

Line = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_printable)]
"""One line of text without control characters."""
