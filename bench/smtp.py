"""Mails per second to a mail server on loopback, beside plain aiosmtplib sending the same bytes on one connection.

The mail server is aiosmtpd in a process of its own. "Connector" is the mailto connector alone: rendering, making the
mail and sending it. "Pipeline" is the whole way from a backlog in the store, where every mail is recorded by itself
before the next one may be handed over, so that a crash doubles one mail at most.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import aiosmtplib

from bench import sample
from bench.backlog import CONNECTOR, fill
from bench.delivery_worker import recorded
from bench.report import Spread, print_machine, print_table
from headgate.config.settings import Settings
from headgate.connectors.mailto.connector import MailtoConnector
from headgate.connectors.mailto.settings import MailtoSettings
from headgate.notify.connector import Delivered, Envelope
from headgate.service.messages import make_worker
from headgate.store.store import Store

MAILS = 500
CONCURRENCIES = (1, 4)
_ROOT = Path(__file__).resolve().parent.parent
_SENDER = "slurm@example.org"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table. There is no goal for it: a real mail server is slower than any of this."""
    parser = argparse.ArgumentParser(prog="./dev bench smtp", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="how often each is measured")
    parser.add_argument("--mails", type=int, default=MAILS)
    chosen = parser.parse_args(arguments)
    print_machine(chosen.runs)
    with tempfile.TemporaryDirectory(prefix="headgate-bench-", dir="/var/tmp") as directory:
        rates, size = asyncio.run(measure(Path(directory), chosen.mails, chosen.runs))
    plain = Spread.of(rates["plain aiosmtplib, 1 connection"]).median
    rows = [
        [name, Spread.of(values).text(), f"{Spread.of(values).median / plain:.2f}"] for name, values in rates.items()
    ]
    print_table(["", "mails per second", "of plain"], rows)
    print(f"\n{chosen.mails:,} mails of {size / 1000:.1f} kB, each time over new connections.\n")
    return 0


async def measure(directory: Path, mails: int, runs: int) -> tuple[dict[str, list[float]], float]:
    """Return mails per second by way of sending, one for each run; and the mean size of a mail in bytes."""
    filled = directory / "filled.db"
    await asyncio.to_thread(fill, f"sqlite:///{filled}", mails)
    rates: dict[str, list[float]] = {}
    size = 0.0
    async with _server() as port:
        envelopes = [Envelope(sample.user_of(n), sample.message(n), f"key-{n}") for n in range(1, mails + 1)]
        for number in range(runs):  # in turn, so that what else the machine does falls on all of them
            rate, size = await _plain(port, envelopes)
            rates.setdefault("plain aiosmtplib, 1 connection", []).append(rate)
            for concurrency in CONCURRENCIES:
                some = f"{concurrency} connection{'s' if concurrency > 1 else ''}"
                rates.setdefault(f"connector, {some}", []).append(await _connector(port, envelopes, concurrency))
                copy = directory / f"{number}-{concurrency}.db"
                await asyncio.to_thread(shutil.copy, filled, copy)
                rates.setdefault(f"pipeline, {some}", []).append(await _pipeline(port, copy, mails, concurrency))
    return rates, size


@contextlib.asynccontextmanager
async def _server() -> AsyncIterator[int]:
    """Run the mail server; give its port."""
    pipe = asyncio.subprocess.PIPE
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.smtp_sink", stdin=pipe, stdout=pipe, cwd=_ROOT
    )
    assert server.stdout is not None
    assert server.stdin is not None
    try:
        yield int(await server.stdout.readline())
    finally:
        server.stdin.close()
        await server.wait()


async def _plain(port: int, envelopes: Sequence[Envelope]) -> tuple[float, float]:
    """Send ready-made mails one after the other; return mails per second and their mean size in bytes."""
    connector = MailtoConnector("plain", _settings(port, 1))
    mails = [connector.compose(envelope, connector.check_target(envelope.target)) for envelope in envelopes]
    await connector.aclose()
    ready = [(mail.target, mail.content) for mail in mails]
    begun = time.monotonic()
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port) as client:
        for target, data in ready:
            await client.sendmail(_SENDER, [target], data)
    return len(ready) / (time.monotonic() - begun), sum(len(data) for _, data in ready) / len(ready)


async def _connector(port: int, envelopes: Sequence[Envelope], concurrency: int) -> float:
    connector = MailtoConnector("alone", _settings(port, concurrency))
    waiting = iter(envelopes)

    async def send() -> None:
        for envelope in waiting:
            outcome = await connector.send(envelope, _nothing)
            assert isinstance(outcome, Delivered), outcome

    begun = time.monotonic()
    await asyncio.gather(*(send() for _ in range(concurrency)))
    rate = len(envelopes) / (time.monotonic() - begun)
    await connector.aclose()
    return rate


async def _nothing() -> None:
    """Let it pass: nobody keeps order here."""


async def _pipeline(port: int, path: Path, mails: int, concurrency: int) -> float:
    own = _settings(port, concurrency)
    store, connector = Store(f"sqlite:///{path}"), MailtoConnector(CONNECTOR, own)
    worker = make_worker(Settings(), store, connector, own, "bench")
    before, begun = recorded(CONNECTOR), time.monotonic()
    task = asyncio.create_task(worker.run())
    while recorded(CONNECTOR) - before < mails:  # noqa: ASYNC110 - a metric has no event
        await asyncio.sleep(0.005)
    rate = mails / (time.monotonic() - begun)
    worker.stop()
    await task
    await connector.aclose()
    store.close()
    return rate


def _settings(port: int, concurrency: int) -> MailtoSettings:
    return MailtoSettings(
        host="127.0.0.1",
        port=port,
        from_address=_SENDER,
        domain="example.org",
        concurrency=concurrency,
        rate=None,
        recipient_burst=10**9,
    )


if __name__ == "__main__":
    sys.exit(main())
