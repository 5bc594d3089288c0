"""A receiver of traces, for tests: OTLP over HTTP, decoded by OpenTelemetry's own description of it."""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from headgate.web.server import WebServer

PROTOBUF = "application/x-protobuf"


@dataclass(frozen=True, slots=True)
class Received:
    """One span. ``links``: the traces it points at."""

    name: str
    trace: str
    id: str
    parent: str
    kind: int
    attributes: dict[str, Any]
    failed: bool
    links: tuple[str, ...]
    resource: dict[str, Any]
    seconds: float


class Receiver:
    """Takes traces on loopback; use it as an async context manager."""

    def __init__(self) -> None:
        self.spans: list[Received] = []
        self.headers: list[dict[str, str]] = []
        self.refuses = 0
        """How many requests are still to be refused."""
        app = Starlette(routes=[Route("/v1/traces", self._take, methods=["POST"])])
        self._server = WebServer(app, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.port}"

    async def __aenter__(self) -> Self:
        self._running = asyncio.create_task(self._server.run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.stop()
        await asyncio.wait_for(self._running, 30)

    def named(self, name: str) -> list[Received]:
        """Return the spans of this name."""
        return [one for one in self.spans if one.name == name]

    async def _take(self, request: Request) -> Response:
        self.headers.append(dict(request.headers))
        if self.refuses:
            self.refuses -= 1
            return Response(status_code=503)
        body = await request.body()
        if request.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        if request.headers["content-type"] != PROTOBUF:
            return Response(status_code=415)
        try:
            self.spans += _read(ExportTraceServiceRequest.FromString(body))
        except DecodeError:
            return Response(status_code=400)
        return Response(b"", media_type=PROTOBUF)


def _read(sent: Any) -> list[Received]:
    return [
        Received(
            name=span.name,
            trace=span.trace_id.hex(),
            id=span.span_id.hex(),
            parent=span.parent_span_id.hex(),
            kind=span.kind,
            attributes=_values(span.attributes),
            failed=span.status.code == span.status.STATUS_CODE_ERROR,
            links=tuple(link.trace_id.hex() for link in span.links),
            resource=_values(part.resource.attributes),
            seconds=(span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
        )
        for part in sent.resource_spans
        for scope in part.scope_spans
        for span in scope.spans
    ]


def _values(attributes: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}
