"""The fault suite: ``./dev faults``. Prints what went in, what came out, what was lost; ends with 1 if anything was."""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.report import print_table
from faults import network
from faults.failover import Failover
from faults.ledger import Ledger, Result
from faults.phases import PHASES, Load, Outcome, Phases
from faults.site import Site
from headgate.gateway.apps import Apps
from headgate.model.app import AppRules
from headgate.store.store import Store

_SHOWN = 10


def run(
    *,
    seed: int,
    messages: int,
    jobs: int,
    kills: int,
    seconds: float,
    only: Sequence[str],
    logs: Path | None = None,
    spare: Sequence[str] = (),
) -> list[Outcome]:
    """Run the phases named, and return what came of them.

    ``seconds``: for which facts come in while parts are killed. ``logs``: where the logs of services, slurmctld and
    slurmdbd are put at the end.
    ``spare``: parts that are not killed.
    """
    begun = time.monotonic()
    with Site(seed) as site, Failover(site.local_url) as failover:
        print(f"the system is up after {time.monotonic() - begun:.0f} s: {', '.join(site.network.hosts)}", flush=True)
        phases = Phases(site, Ledger(site.taken), random.Random(seed), app_token(site.local_url), failover)
        side = Load(max(20, messages // 20), max(4, jobs // 25), max(10.0, seconds / 6))
        away = max(6.0, seconds / 20)
        ways: dict[str, Callable[[], Outcome]] = {
            "failover": phases.failover,
            "kills": lambda: phases.kills(Load(messages, jobs, seconds), kills, spare),
            "store": lambda: phases.store(side, 3),
            "network": lambda: phases.network(side, max(15.0, away)),
            "slurm": lambda: phases.slurm(side, away),
            "clock": lambda: phases.clock(side, away),
            "disk": lambda: phases.disk(side, away),
            "upgrade": lambda: phases.upgrade(side),
        }
        outcomes = []
        try:
            for name in only:
                outcomes.append(ways[name]())
                last = outcomes[-1]
                print(f"{time.monotonic() - begun:4.0f} s: {name}: {len(last.result.lost)} lost", flush=True)
        finally:
            if logs is not None:
                _keep_logs(site, logs)
        return outcomes


def _keep_logs(site: Site, directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    daemons = (site.cluster.logs[name] for name in ("slurmctld", "slurmdbd"))
    for log in (*(service.log for service in site.services.values()), *daemons):
        if log.exists():
            shutil.copy(log, directory)


def app_token(url: str) -> str:
    """Make an application that may submit for everybody, and return its token."""

    async def make() -> str:
        store = Store(url)
        try:
            _, token = await Apps(store).add("faults", AppRules(any_user=True, rate=10_000, burst=100_000))
        finally:
            await asyncio.to_thread(store.close)
        return token

    return asyncio.run(make())


def show(outcomes: Sequence[Outcome]) -> bool:
    """Print the table; return whether all is as it has to be."""
    head = ["phase", "facts in", "facts out", "lost", "doubled", "allowed", "longest delay", "role without holder"]
    rows = [_row(outcome) for outcome in outcomes]
    sums = [str(sum(int(row[column]) for row in rows)) for column in range(1, 6)]
    longest = max((outcome.result.longest for outcome in outcomes), default=0.0)
    print()
    print_table(head, [*rows, ["all", *sums, f"{longest:.1f} s", ""]])
    fine = True
    for outcome in outcomes:
        result = outcome.result
        print(f"\n{outcome.name}: {outcome.faults}")
        for line in (*_notes(outcome), *_named(result), *outcome.evidence):
            print(f"  {line}")
        if result.doubled > outcome.allowed:
            print(f"  DOUBLED: {result.doubled}, where at most {outcome.allowed} are explained")
        if outcome.failover_goal and outcome.failover[0] > outcome.failover_goal:
            print(f"  LATE: a role had nobody for {outcome.failover[0]:.1f} s")
            fine = False
        fine = fine and not result.lost and result.doubled <= outcome.allowed
    return fine


def _notes(outcome: Outcome) -> list[str]:
    result = outcome.result
    notes = [
        *outcome.notes,
        f"{result.repeated} webhooks came again under the key by which their receiver knows them",
        f"{result.unsure} mails were sent again since the server took them and broke off before it said so",
        f"{result.refused} went to a target that takes nothing, and are dead, with the reason",
        f"a job's end stood in the journal after {result.longest_end:.1f} s at most",
    ]
    if result.asked_again:
        notes.append(
            f"{result.asked_again} messages came again since Slurm asked for them again: "
            "a slurmctld that is killed forgets what it did since it saved its state"
        )
    if result.latest:
        notes.append(f"the longest delay was that of {result.latest}")
    if result.forgotten:
        notes.append(f"{len(result.forgotten)} jobs that sbatch had acknowledged were forgotten by Slurm: no facts")
    if result.not_submitted:
        notes.append(
            f"{result.not_submitted} jobs that the gateway took did not come to Slurm, and it says so: no facts"
        )
    return notes


def _named(result: Result) -> list[str]:
    """Return lines that say which facts these were."""
    return [
        *(f"forgotten by Slurm: {name}: {why}" for name, why in [*result.forgotten.items()][:_SHOWN]),
        *(f"twice: {twice}" for twice in result.twice[:_SHOWN]),
        *(f"LOST: {lost}" for lost in result.lost[:_SHOWN]),
    ]


def _row(outcome: Outcome) -> list[str]:
    result = outcome.result
    figures = (result.facts_in, result.facts_out, len(result.lost), result.doubled, outcome.allowed)
    gap, role = outcome.failover
    return [outcome.name, *map(str, figures), f"{result.longest:.1f} s", f"{gap:.1f} s ({role})"]


def main() -> int:
    """Run the suite; return 1 if a fact was lost, or doubled without a reason."""
    parser = argparse.ArgumentParser(prog="./dev faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of everything that is left to chance")
    parser.add_argument("--messages", type=int, default=10_000, help="mails handed over while parts are killed")
    parser.add_argument("--jobs", type=int, default=500, help="jobs submitted while parts are killed")
    parser.add_argument("--kills", type=int, default=50, help="parts killed with SIGKILL")
    parser.add_argument("--seconds", type=float, default=300.0, help="for which these come in")
    parser.add_argument("--quick", action="store_true", help="a tenth of everything, in a few minutes")
    parser.add_argument("--only", choices=PHASES, action="append", help="one phase; may be given several times")
    parser.add_argument("--spare", action="append", default=[], help="a part that is not killed, as `slurmctld`")
    parser.add_argument("--logs", type=Path, help="directory for the logs of services, slurmctld and slurmdbd")
    given = parser.parse_args()
    if why := network.possible():
        print(why)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # clears away what was made, as Ctrl-C does
    part = 10 if given.quick else 1
    load = os.getloadavg()[0]
    print(f"seed {given.seed}; {os.cpu_count()} cores, load {load:.1f} when it began", flush=True)
    outcomes = run(
        seed=given.seed,
        messages=given.messages // part,
        jobs=given.jobs // part,
        kills=max(1, given.kills // part * (2 if given.quick else 1)),
        seconds=given.seconds / (5 if given.quick else 1),
        only=given.only or PHASES,
        logs=given.logs,
        spare=given.spare,
    )
    return 0 if show(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
