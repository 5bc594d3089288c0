"""GitHub calls of an hour with 50 running jobs and 300 comments in their pull request.

They are counted where they arrive, at the strict GitHub of ``headgate.testing``. The client, the catch-up, the way in
for webhooks and the engine are the real ones, on SQLite. The cluster is played: what the watcher would write of its
jobs is written into the journal. Time is played as well: one clock for all of them is moved on in steps of twelve
seconds, and what is to be done in a step is done before the next one.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from bench.report import print_goal, print_table
from headgate.model.build import BuildJob, JobPhase
from headgate.store.migrate import migrate
from headgate.store.store import Store
from tests.builds.github_place import GitHubPlace, at_github
from tests.builds.incoming.signing import MODULES
from tests.builds.made_up_cluster import run_on

GOAL = 100
"""Calls in an hour; fewer are wanted."""
JOBS, COMMANDS, COMMENTS = 50, 5, 300
HOUR, STEP = 3600, 12
"""Seconds; in an hour there are as many steps as comments."""
LOOKS = 300
"""Seconds between two looks for what webhooks did not tell: the usual ``catch_up``."""
SETTING = f"""\
{JOBS} jobs run and {COMMENTS} comments are in their pull request. Repositories of the App: {{repositories}}.
GitHub is the strict fake; client, catch-up, webhooks and engine are the real ones. The cluster and the clock
are played: an hour is {HOUR:,} seconds in steps of {STEP} (and the few that its work takes), with a look for what
webhooks did not tell each {LOOKS} seconds.
"""
KNOWN = "answered 304: not counted by GitHub"
Act = Callable[[int], Awaitable[None]]
"""Does what happens in a step."""


def targets() -> dict[str, object]:
    """Return a target for each job, in groups that a command can name."""
    each = JOBS // COMMANDS
    return {
        f"target{number}": {
            "architecture": f"x86_64/group{number // each}/kind{number % each}",
            "repositories": ["site.org-2026"],
        }
        for number in range(JOBS)
    }


async def nothing(step: int) -> None:
    """Have nothing happen."""


async def count(place: GitHubPlace, work: Callable[[], Awaitable[None]]) -> Counter[str]:
    """Return how many calls something made, by what was asked."""
    before = len(place.github.calls)
    await work()
    calls = place.calls(before)
    calls[KNOWN] = sum(call.status == 304 for call in place.github.calls[before:])
    return calls


async def hour(place: GitHubPlace, act: Act) -> Counter[str]:
    """Let an hour pass, with a look after what webhooks did not tell as often as is configured."""

    async def pass_by() -> None:
        for step in range(HOUR // STEP):
            await act(step)
            if step * STEP % LOOKS == 0:
                await place.look()
            await run_on(place.engine, rounds=2)
            place.github.world.advance(STEP)

    return await count(place, pass_by)


async def begin(place: GitHubPlace) -> None:
    """Have commands written, and all their jobs start."""
    for number in range(COMMANDS):
        await place.github.say(place.pull, "ada", f"bot: build for:arch=group{number}")
        await place.go()
        await place.go(60)
        known = {job.job_id or 0 for job in await jobs(place, JobPhase.QUEUED)}
        for one in sorted(known):
            await place.slurm.starts(place.store, one)
        await place.go(60)


async def jobs(place: GitHubPlace, phase: JobPhase) -> list[BuildJob]:
    """Return the jobs in a phase."""
    return [job for job in await place.jobs() if job.phase is phase]


async def measure(store: Store, directory: Path, repositories: int) -> tuple[list[Counter[str]], int]:
    """Return the calls of each part, and of how many jobs the result stands in the pull request at the end."""
    async with at_github(store, directory, MODULES, apps={"catch_up": LOOKS}, targets=targets()) as place:
        world, pull = place.github.world, place.pull
        for number in range(1, repositories):
            world.add_repository(f"org/other{number}", place.installation)
        asked = await count(place, lambda: begin(place))
        running = sorted(job.job_id or 0 for job in await jobs(place, JobPhase.RUNNING))
        for number in range(COMMENTS - len(pull.comments)):
            world.add_comment(pull, "ben", f"remark {number}")
        if (len(running), len(pull.comments)) != (JOBS, COMMENTS):
            raise RuntimeError(f"there are {len(running)} jobs and {len(pull.comments)} comments")
        world.advance(HOUR)
        for _ in range(2):  # afterwards the hours are alike: in each of them the list of repositories gets old once
            await place.look()
            world.advance(LOOKS)

        async def talk(step: int) -> None:
            await place.github.say(pull, "ben", f"another remark {step}")

        async def end(step: int) -> None:
            every = HOUR // STEP // JOBS
            if step % every == 0:
                await place.slurm.ends(store, running[step // every])

        parts = [await hour(place, act) for act in (nothing, talk, end)]
        told = sum("|test result|" in body for body in place.bodies())
        return [*parts, asked], told


def total(calls: Counter[str]) -> int:
    """Return how many calls there were."""
    return sum(number for name, number in calls.items() if name != KNOWN)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return 1 if the goal is missed."""
    parser = argparse.ArgumentParser(prog="./dev bench builds", description=__doc__)
    parser.add_argument("--repositories", type=int, default=1, help="that the App is installed for")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        store = Store(f"sqlite:///{name}/headgate.db")
        try:
            migrate(store)
            parts, told = asyncio.run(measure(store, Path(name), chosen.repositories))
        finally:
            store.close()
    print(SETTING.format(repositories=chosen.repositories))
    names = sorted({name for part in parts for name in part} - {KNOWN})
    rows = [[name, *(str(part[name]) for part in parts)] for name in names]
    rows.append(["all", *(str(total(part)) for part in parts)])
    rows.append([KNOWN, *(str(part[KNOWN]) for part in parts)])
    head = ["calls", "an hour", f"{COMMENTS} comments", f"{JOBS} end", f"{JOBS} begin"]
    print_table(head, rows)
    quiet, talking, ending, asked = map(total, parts)
    print()
    reached = print_goal(f"an hour in which the jobs run: under {GOAL} calls ({quiet})", quiet < GOAL)
    text = f"an hour in which {COMMENTS} comments more are written, each told by a webhook: under {GOAL} ({talking})"
    reached &= print_goal(text, talking < GOAL)
    reached &= print_goal(f"in an hour in which each job ends, each end is told ({told} of {JOBS})", told == JOBS)
    each = (ending - quiet) / JOBS
    print(f"\nWithout a goal: the hour in which each job ends, {ending} calls, {each:.1f} more for each;")
    each = asked / JOBS
    print(f"{COMMANDS} commands that make the jobs, until they run, without looks: {asked} calls, {each:.1f} for each.")
    pages = -(-COMMENTS // 100)
    print(f"Baseline, computed: reading the comments of the pull request once a minute, {60 * pages} calls.")
    return 0 if reached else 1
