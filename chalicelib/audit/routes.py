"""The audit log, on the Platform surface."""

from ..http.call import Call
from ..http.schemas import Meta
from ..http.surfaces import platform
from . import service
from .schemas import AuditEntry, AuditLog, AuditPages, AuditQuery


@platform.get("/audit-log", scope="admin")
def get_audit_log(call: Call, query: AuditQuery) -> AuditLog:
    """Read who changed or revealed what, newest first."""
    entries, following = service.read(call, query.cursor, query.limit)
    return AuditLog(
        data=[AuditEntry.model_validate(one) for one in entries],
        pagination=AuditPages(limit=query.limit, next_cursor=following),
        meta=Meta(requestId=call.request_id),
    )
