"""The supervisor's JSON API. Every call may be repeated: it is known by the ids in it."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import asdict
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from chalicelib.engines.base import Build, Release
from local.supervisor.feed import Feed
from local.supervisor.supervisor import NotServing, Supervisor

HEARTBEAT_SECONDS = 2.0
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_SUPERVISOR = web.AppKey("supervisor", Supervisor)

T = TypeVar("T")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _Traffic(BaseModel):
    release_id: str
    host: str


class _Retirement(BaseModel):
    keep: str | None = None


class _Use(BaseModel):
    hosts: dict[str, int]
    instances: set[int] = Field(default_factory=set)
    visits: dict[str, list[str]] = Field(default_factory=dict)


class _Lines(BaseModel):
    tail: int = Field(100, ge=0)
    since: int | None = Field(None, ge=0, lt=2**33)


class _Period(BaseModel):
    period: int = Field(3600, ge=1, le=86400)


class _From(BaseModel):
    tail: int | None = Field(None, ge=0)
    since: int | None = Field(None, ge=0, lt=2**33)


def make_app(supervisor: Supervisor) -> web.Application:
    """The application; it ends all that it started when it is cleaned up."""
    app = web.Application(middlewares=[_errors], client_max_size=4 * 1024 * 1024)
    app[_SUPERVISOR] = supervisor
    app.cleanup_ctx.append(_life)
    app.on_shutdown.append(_end_streams)
    app.router.add_get("/health", _health)
    app.router.add_put("/builds/{id}", _put_build)
    app.router.add_delete("/builds/{id}", _delete_build)
    app.router.add_get("/builds/{id}/log", _build_log)
    app.router.add_put("/releases/{id}", _put_release)
    app.router.add_delete("/releases/{id}", _delete_release)
    app.router.add_put("/services/{id}/traffic", _traffic)
    app.router.add_post("/services/{id}/retire", _retire)
    app.router.add_delete("/services/{id}", _delete_service)
    app.router.add_get("/services/{id}/logs", _logs)
    app.router.add_get("/services/{id}/metrics", _metrics)
    app.router.add_get("/builds/{id}/log/follow", _follow_build)
    app.router.add_get("/services/{id}/logs/follow", _follow_service)
    app.router.add_get("/events", _events)
    app.router.add_get("/routes", _routes)
    app.router.add_post("/use", _use)
    return app


async def _life(app: web.Application) -> AsyncIterator[None]:
    await asyncio.to_thread(app[_SUPERVISOR].clear)
    supervisor = app[_SUPERVISOR]
    going_on = supervisor.put_idle_to_sleep(), supervisor.scale(), supervisor.watch()
    tasks = [asyncio.create_task(each) for each in going_on]
    yield
    for each in tasks:
        each.cancel()
    await app[_SUPERVISOR].close()


async def _end_streams(app: web.Application) -> None:
    app[_SUPERVISOR].events.close()
    app[_SUPERVISOR].routes.close()


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ValidationError as error:
        # Without the input: it may hold a user's secrets.
        return web.json_response({"message": error.json(include_input=False)}, status=400)
    except ValueError as error:
        return web.json_response({"message": str(error)}, status=400)
    except NotServing as error:
        return web.json_response({"message": str(error)}, status=409)


async def _health(_: web.Request) -> web.StreamResponse:
    return web.json_response({"status": "ok"})


async def _put_build(request: web.Request) -> web.StreamResponse:
    build = await _body(request, Build, deployment_id=_id(request))
    _check_id(build.service_id)
    return web.json_response(asdict(request.app[_SUPERVISOR].build(build)))


async def _delete_build(request: web.Request) -> web.StreamResponse:
    await request.app[_SUPERVISOR].cancel_build(_id(request))
    return web.Response(status=204)


async def _build_log(request: web.Request) -> web.StreamResponse:
    text = await asyncio.to_thread(request.app[_SUPERVISOR].build_log, _id(request))
    return web.json_response({"log": text})


async def _put_release(request: web.Request) -> web.StreamResponse:
    release = await _body(request, Release, release_id=_id(request))
    _check_id(release.service_id)
    _check_id(release.deployment_id)
    return web.json_response(asdict(request.app[_SUPERVISOR].start(release)))


async def _delete_release(request: web.Request) -> web.StreamResponse:
    await request.app[_SUPERVISOR].end_release(_id(request))
    return web.Response(status=204)


async def _traffic(request: web.Request) -> web.StreamResponse:
    traffic = await _body(request, _Traffic)
    request.app[_SUPERVISOR].switch(_id(request), traffic.release_id, traffic.host)
    return web.Response(status=204)


async def _retire(request: web.Request) -> web.StreamResponse:
    retirement = await _body(request, _Retirement)
    request.app[_SUPERVISOR].retire(_id(request), retirement.keep)
    return web.Response(status=204)


async def _delete_service(request: web.Request) -> web.StreamResponse:
    await request.app[_SUPERVISOR].remove(_id(request))
    return web.Response(status=204)


async def _logs(request: web.Request) -> web.StreamResponse:
    asked = _Lines.model_validate(dict(request.query))
    read = request.app[_SUPERVISOR].logs
    page = await asyncio.to_thread(read, _id(request), asked.tail, asked.since)
    return web.json_response(asdict(page))


async def _metrics(request: web.Request) -> web.StreamResponse:
    period = _Period.model_validate(dict(request.query)).period
    samples = request.app[_SUPERVISOR].metrics(_id(request), period)
    return web.json_response({"samples": [asdict(each) for each in samples]})


async def _follow_build(request: web.Request) -> web.StreamResponse:
    return await _relay(request, request.app[_SUPERVISOR].follow_build(_id(request)))


async def _follow_service(request: web.Request) -> web.StreamResponse:
    asked = _From.model_validate(dict(request.query))
    follow = request.app[_SUPERVISOR].follow_service
    return await _relay(request, follow(_id(request), asked.tail, asked.since))


async def _relay(request: web.Request, chunks: AsyncGenerator[bytes]) -> web.StreamResponse:
    """Plain lines as they come; the reader's pace is the pace of the reading."""
    response = web.StreamResponse(headers={"Content-Type": "text/plain; charset=utf-8"})
    await response.prepare(request)
    async with aclosing(chunks):
        async for chunk in chunks:
            await response.write(chunk)
    return response


async def _events(request: web.Request) -> web.StreamResponse:
    return await _stream(request, request.app[_SUPERVISOR].events)


async def _routes(request: web.Request) -> web.StreamResponse:
    supervisor = request.app[_SUPERVISOR]
    return await _stream(request, supervisor.routes, supervisor.hosts)


async def _use(request: web.Request) -> web.StreamResponse:
    use = _Use.model_validate(await request.json())
    request.app[_SUPERVISOR].use(use.hosts, use.instances, use.visits)
    return web.Response(status=204)


async def _stream(
    request: web.Request, feed: Feed, first: Callable[[], object] | None = None
) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    await response.prepare(request)
    with feed.listening() as queue, contextlib.suppress(ConnectionError):
        if first:
            await response.write(json.dumps(first()).encode() + b"\n")
        while (line := await _next(queue)) is not None:
            await response.write(line.encode() + b"\n")
    return response


async def _next(queue: asyncio.Queue[str | None]) -> str | None:
    """The next line; an empty one now and then, so that both sides notice a dead peer."""
    try:
        return await asyncio.wait_for(queue.get(), HEARTBEAT_SECONDS)
    except TimeoutError:
        return ""


async def _body(request: web.Request, kind: type[T], **ids: str) -> T:
    sent = await request.json()
    if not isinstance(sent, dict):
        raise ValueError("The body must be an object.")  # noqa: TRY004 (a 400)
    return TypeAdapter(kind).validate_python({**sent, **ids})


def _id(request: web.Request) -> str:
    return _check_id(request.match_info["id"])


def _check_id(value: str) -> str:
    """Ids become names of files and directories."""
    if not _ID.fullmatch(value):
        raise ValueError(f"{value!r} is not an id.")
    return value
