"""Spans into OpenTelemetry, sent by OTLP over HTTP. Needs ``headgate[otel]``; nothing else imports OpenTelemetry.

The trace id of a span is the trace of the fact it is for. So spans of several processes, and of days, meet in one trace
without anything being passed on between them.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags
from opentelemetry.trace import Span as OtelSpan

from headgate import __version__
from headgate.model import trace
from headgate.telemetry.context import current
from headgate.telemetry.spans import Kind, Span, Value

_KINDS: Final = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
}
_SECOND: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class OtelSettings:
    """Where spans go. ``sample``: which part of all traces, 0 to 1. ``patience``: seconds for one sending."""

    endpoint: str
    service: str = "headgate"
    instance: str = ""
    sample: float = 1.0
    headers: Mapping[str, str] = field(default_factory=dict)
    patience: float = 5.0


class OtelTracer:
    """Takes spans, and sends them in batches from a thread of its own."""

    def __init__(self, settings: OtelSettings) -> None:
        exporter = OTLPSpanExporter(
            f"{settings.endpoint.rstrip('/')}/v1/traces", headers=dict(settings.headers), timeout=settings.patience
        )
        known = {"service.name": settings.service, "service.version": __version__}
        if settings.instance:
            known["service.instance.id"] = settings.instance
        self._provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(settings.sample)),
            resource=Resource(known),
            id_generator=_OwnIds(),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("headgate", __version__)

    @contextlib.contextmanager
    def span(self, name: str, kind: Kind, traces: Sequence[str], attributes: dict[str, Value]) -> Iterator[Span]:
        """Begin a span, and end it."""
        begun = self._tracer.start_as_current_span(
            name,
            kind=_KINDS[kind],
            links=[_link(one) for one in traces],
            attributes=_dotted(attributes),
            record_exception=False,  # what it says may hold a secret
            set_status_on_exception=False,
        )
        with begun as own:
            told = _Told(own)
            try:
                yield told
            except BaseException as error:
                told.fail(type(error).__name__)
                raise

    def past(self, name: str, seconds: float, attributes: dict[str, Value]) -> None:
        """Take a span that is over by now."""
        now = time.time_ns()
        begun = now - int(seconds * _SECOND)
        self._tracer.start_span(name, attributes=_dotted(attributes), start_time=begun).end(now)

    def close(self) -> None:
        """Send what is left; it may take as long as one sending."""
        self._provider.shutdown()


class _Told:
    def __init__(self, own: OtelSpan) -> None:
        self._own = own

    def name(self, name: str) -> None:
        self._own.update_name(name)

    def set(self, **attributes: Value) -> None:
        self._own.set_attributes(_dotted(attributes))

    def fail(self, why: str) -> None:
        self._own.set_status(Status(StatusCode.ERROR))
        self._own.set_attribute("error.type", why)


class _OwnIds(IdGenerator):
    """Gives a span that has none above it the trace this task works for."""

    def __init__(self) -> None:
        self._random = RandomIdGenerator()

    def generate_trace_id(self) -> int:
        own = current()
        return self._random.generate_trace_id() if own is None else int(trace.as_hex(own), 16)

    def generate_span_id(self) -> int:
        return self._random.generate_span_id()


def _link(own: str) -> Link:
    """Return a link to a trace as a whole: to no span of it in particular, as nobody knows one."""
    number = int(trace.as_hex(own), 16)
    anything = (number & (2**64 - 1)) or 1
    return Link(SpanContext(number, anything, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED)))


def _dotted(attributes: Mapping[str, Value]) -> dict[str, Value]:
    return {name.replace("__", "."): value for name, value in attributes.items()}
