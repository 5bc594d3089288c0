"""Calls of sacct for 1,000 mails that Slurm asks for at once, and how long until the last one is delivered.

Records of the hand-off's own form are put into the spool by its own code; from there on everything is as in the
service, on SQLite, except that sacct is a script that answers from prepared figures and counts its calls, and that the
connector takes every message at once.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import sample
from bench.backlog import CONNECTOR
from bench.delivery_worker import InstantConnector, recorded
from bench.report import Spread, print_goal, print_machine, print_table
from headgate.config.connector import ConnectorSettings
from headgate.config.settings import NotifySettings, Settings
from headgate.config.settings import SpoolSettings as Spool
from headgate.events.journal import Journal
from headgate.events.sources.mail import headgate_mailprog
from headgate.events.sources.mail.record_file import fresh_name
from headgate.events.sources.mail.spool import MailSpool
from headgate.events.sources.mail_source import MailSource
from headgate.model.job import Figures
from headgate.notify.compose import Composer, ComposeSettings
from headgate.notify.output import OutputReader
from headgate.notify.recipients import Recipients
from headgate.service.messages import make_worker, message_maker
from headgate.service.watchers import Slurm
from headgate.slurm.client import SlurmClient
from headgate.store.migrate import migrate
from headgate.store.store import Store
from headgate.testing.slurm import FakeSlurm

MAILS = 1_000
GOAL_CALLS = 4
_DEADLINE = 120.0


@dataclass(frozen=True, slots=True)
class Run:
    """One run: calls of sacct, and seconds from the first record to the last delivery."""

    calls: int
    seconds: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 if a burst took more calls than it should."""
    parser = argparse.ArgumentParser(prog="./dev bench accounting", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="how often each is measured")
    parser.add_argument("--mails", type=int, default=MAILS)
    chosen = parser.parse_args(arguments)
    print_machine(chosen.runs)
    rows, most = [], 0
    for name, over in (("all at once", 0.0), ("spread over 10 seconds", 10.0)):
        runs = [_measure(chosen.mails, over) for _ in range(chosen.runs)]
        calls, seconds = Spread.of([run.calls for run in runs]), Spread.of([run.seconds for run in runs])
        rows.append([f"{chosen.mails:,} mails, {name}", calls.text(), seconds.text(".1f", " s"), f"{chosen.mails:,}"])
        most = most if over else int(calls.most)
    print_table(["", "sacct calls", "until the last delivery", "baseline: a call per mail"], rows)
    print()
    return 0 if print_goal(f"at most {GOAL_CALLS} calls for {MAILS:,} mails", most <= GOAL_CALLS) else 1


def _measure(mails: int, over: float) -> Run:
    with tempfile.TemporaryDirectory(prefix="headgate-bench-", dir="/var/tmp") as directory:
        return asyncio.run(measure(Path(directory), mails, over))


async def measure(directory: Path, mails: int, over: float) -> Run:
    """Run the pipeline until every mail is delivered. ``over``: seconds over which the mails come."""
    spool, fake = directory / "spool", FakeSlurm(directory / "slurm", cluster=sample.CLUSTER)
    await asyncio.to_thread(spool.mkdir)
    fake.has_accounts(sample.figures(number) for number in range(1, mails + 1))
    store = Store(f"sqlite:///{directory}/headgate.db")
    migrate(store)
    slurm, connector = Slurm(SlurmClient(fake.settings())), InstantConnector(CONNECTOR, repeat_safe=True)
    own = ConnectorSettings(kind="instant", recipient_burst=10**9)
    settings = Settings(notify=NotifySettings(default_connector=CONNECTOR), spool=Spool(path=spool))
    journal = Journal([Recipients({CONNECTOR: connector}, CONNECTOR, settings.accounting.first_after)])
    source = MailSource(store, journal, MailSpool(spool), slurm.cluster_name, settings.spool)
    compose = ComposeSettings(
        wait=settings.accounting.wait, gap=settings.accounting.first_after, batch=settings.accounting.batch
    )

    async def accounting(_: str, ids: Sequence[int], since: float) -> list[Figures]:
        return await slurm.accounting(ids, since)

    composer = Composer(store, journal, accounting, message_maker(settings, OutputReader()), compose)
    parts = (source, composer, make_worker(settings, store, connector, own, "bench"))
    tasks = [asyncio.create_task(part.run()) for part in parts]
    before, begun = recorded(CONNECTOR), time.monotonic()
    await asyncio.to_thread(hand_over, spool, mails, over)
    async with asyncio.timeout(_DEADLINE):
        while recorded(CONNECTOR) - before < mails:
            await asyncio.sleep(0.02)
            for task in tasks:
                assert not task.done(), task.exception()
    seconds = time.monotonic() - begun
    for part in parts:
        part.stop()
    await asyncio.gather(*tasks)
    store.close()
    assert connector.taken == mails, f"{connector.taken} messages were sent for {mails} mails"
    return Run(len(fake.calls("sacct")), seconds)


def hand_over(spool: Path, mails: int, over: float) -> None:
    """Write the records of so many mails, as the hand-off does, over so many seconds."""
    begun = time.monotonic()
    for number in range(1, mails + 1):
        about = sample.figures(number)
        words = [b"headgate-mailprog", b"-s", _subject(number).encode(), about.user.encode()]
        environment = {b"SLURM_JOB_ID": b"%d" % number, b"SLURM_CLUSTER_NAME": sample.CLUSTER.encode()}
        data = headgate_mailprog.record(int(time.time() * 1_000_000), words, environment)
        headgate_mailprog.store(os.fsencode(spool), fresh_name().encode(), data)
        time.sleep(max(0.0, begun + over * number / mails - time.monotonic()))


def _subject(number: int) -> str:
    about = sample.figures(number)
    hours, minutes, seconds = about.elapsed // 3600, about.elapsed // 60 % 60, about.elapsed % 60
    kind = "Failed" if about.state.failed else "Ended"
    ran = f"{hours:02}:{minutes:02}:{seconds:02}"
    how = f"{about.state.text}, ExitCode {about.exit.code}"
    return f"Slurm Job_id={number} Name={about.name} {kind}, Run time {ran}, {how}"


if __name__ == "__main__":
    sys.exit(main())
