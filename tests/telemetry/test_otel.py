"""Spans as a receiver gets them, over the wire."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from headgate.model import trace
from headgate.slurm.process import run
from headgate.store.store import Store
from headgate.telemetry import spans
from headgate.telemetry.context import about
from headgate.telemetry.otel import OtelSettings, OtelTracer
from headgate.telemetry.spans import past, span
from tests.telemetry.receiver import Receiver


class Site:
    """A receiver, and a tracer that sends to it."""

    def __init__(self, receiver: Receiver, **more: Any) -> None:
        self.receiver = receiver
        self._tracer = OtelTracer(OtelSettings(receiver.url, **more))
        spans.use(self._tracer)

    async def sent(self) -> list[Any]:
        """Send what there is; return all that arrived."""
        spans.use(None)
        await asyncio.to_thread(self._tracer.close)
        return self.receiver.spans


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as receiver:
        yield receiver
    spans.use(None)


async def test_the_trace_of_a_fact_is_the_trace_of_its_spans_in_every_process(receiver: Receiver) -> None:
    for given in (own := str(uuid.uuid4()), "not-hex-at-all"):
        for _ in ("one process", "another one"):
            site = Site(receiver, service="headgate", instance="head1", headers={"authorization": "Bearer abc"})
            with about(given), span("outer"), span("inner", "client", headgate__delivery=7):
                pass
            await site.sent()
    outer, inner = receiver.named("outer"), receiver.named("inner")
    wanted = [own.replace("-", "")] * 2 + [trace.of_key("not-hex-at-all")] * 2
    assert [one.trace for one in outer] == [one.trace for one in inner] == wanted
    assert [one.parent for one in outer] == [""] * 4
    assert [one.parent for one in inner] == [one.id for one in outer]
    assert {one.attributes["headgate.delivery"] for one in inner} == {7}
    known = inner[0].resource
    assert (known["service.name"], known["service.instance.id"]) == ("headgate", "head1")
    assert {one["authorization"] for one in receiver.headers} == {"Bearer abc"}


async def test_a_digest_points_at_every_trace_it_is_for(receiver: Receiver) -> None:
    site = Site(receiver)
    with span("deliver", traces=["first-trace", "second-trace"]):
        pass
    [one] = await site.sent()
    assert one.links == (trace.of_key("first-trace"), trace.of_key("second-trace"))


async def test_an_error_is_told_by_its_type_and_never_by_its_words(receiver: Receiver) -> None:
    site = Site(receiver)
    with pytest.raises(ValueError, match="secret"), span("breaks"):
        raise ValueError("the secret is hunter2")
    [one] = await site.sent()
    assert one.failed
    assert one.attributes == {"error.type": "ValueError"}
    assert "hunter2" not in repr(one)


async def test_only_the_part_that_is_wanted_is_sent_and_a_trace_is_whole_or_not_there(receiver: Receiver) -> None:
    traces = [trace.of_key(str(number)) for number in range(200)]
    for _ in ("one process", "another one"):
        site = Site(receiver, sample=0.5)
        for one in traces:
            with about(one), span("part"):
                pass
        await site.sent()
    counts = [sum(one.trace == own for one in receiver.spans) for own in traces]
    assert set(counts) == {0, 2}
    assert 60 < counts.count(2) < 140


async def test_commands_say_how_they_ended_and_nothing_of_what_they_were_told(receiver: Receiver) -> None:
    site = Site(receiver)
    await run(["/bin/sh", "-c", "exit 3", "--comment=hunter2"], env={}, timeout=30)
    [one] = await site.sent()
    assert (one.name, one.failed, one.attributes["process.exit.code"]) == ("sh", True, 3)
    assert "hunter2" not in repr(one)


async def test_only_what_is_slow_in_the_store_is_a_span(receiver: Receiver, store: Store) -> None:
    site = Site(receiver)
    await store.read(lambda _: None)
    assert receiver.spans == []
    past("store write", 1.5)
    [one] = await site.sent()
    assert one.name == "store write"
    assert one.seconds == pytest.approx(1.5, abs=0.001)


async def test_a_receiver_that_fails_for_a_moment_is_asked_again(receiver: Receiver) -> None:
    receiver.refuses = 1
    site = Site(receiver)
    with span("kept"):
        pass
    await asyncio.to_thread(site._tracer._provider.force_flush)
    assert [one.name for one in await site.sent()] == ["kept"]
    assert len(receiver.headers) == 2


async def test_the_receiver_takes_nothing_but_what_it_can_read() -> None:
    with pytest.raises(DecodeError):
        ExportTraceServiceRequest.FromString(b"\xff\xff\xff\xffnot a trace")


def test_without_a_tracer_a_span_is_nothing() -> None:
    assert span("one") is span("another", "client", some="thing")
    with span("one") as told:
        told.name("x")
        told.set(a=1)
        told.fail("y")
    past("z", 1.0)


def test_what_sends_spans_is_not_imported_unless_it_is_wanted() -> None:
    program = "import headgate.cli.main, headgate.service.serve, sys; sys.exit('opentelemetry.sdk' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
