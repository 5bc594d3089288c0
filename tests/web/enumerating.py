"""Every route of an application, from the application itself; and asking each of them, streams too."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from fastapi import FastAPI
from starlette.routing import Route
from starlette.types import ASGIApp, Message


def routes_of(app: FastAPI) -> list[tuple[str, str]]:
    """Method and path of each. What is none of the kinds that are known here fails."""
    return sorted(set(_walk(app.router.routes, "")))


def _walk(routes: Sequence[Any], prefix: str) -> Iterator[tuple[str, str]]:
    for route in routes:
        if hasattr(route, "original_router"):
            yield from _walk(route.original_router.routes, prefix + route.include_context.prefix)
            continue
        assert isinstance(route, Route), route
        yield from ((method, prefix + route.path) for method in route.methods or () if method != "HEAD")


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer; of a stream only that it began."""

    status: int
    headers: Mapping[str, str]
    text: str


async def ask(
    app: ASGIApp,
    method: str,
    url: str,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    *,
    state: Mapping[str, Any] | None = None,
    address: str = "127.0.0.1",
) -> Answered:
    """Ask an application something, and wait for the end of its answer unless that is a stream."""
    path, _, query = url.partition("?")
    given = {"host": "headgate.test", "content-length": str(len(body)), **(headers or {})}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
        "client": (address, 4711),
        "server": ("headgate.test", 80),
        "state": dict(state or {}),
    }
    bodies = [body]
    begun: list[Message] = []
    parts: list[bytes] = []
    over = asyncio.Event()

    async def receive() -> Message:
        if bodies:
            return {"type": "http.request", "body": bodies.pop(), "more_body": False}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            begun.append(message)
            if any(name == b"content-type" and value.startswith(b"text/event-") for name, value in message["headers"]):
                over.set()
            return
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            over.set()

    running = asyncio.ensure_future(app(scope, receive, send))
    ended = asyncio.create_task(over.wait())
    await asyncio.wait({running, ended}, return_when=asyncio.FIRST_COMPLETED, timeout=60)
    for task in (running, ended):
        task.cancel()
    failed = (await asyncio.gather(running, ended, return_exceptions=True))[0]
    if not begun:
        assert isinstance(failed, Exception), failed
        return Answered(500, {}, repr(failed))
    found = {name.decode(): value.decode() for name, value in begun[0]["headers"]}
    return Answered(begun[0]["status"], found, b"".join(parts).decode(errors="replace"))
