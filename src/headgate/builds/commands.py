"""Doing what one line of a comment asks for, and saying what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from headgate.builds import texts
from headgate.builds.deploying import Deploying
from headgate.builds.forge.interface import Forge
from headgate.builds.grammar import Build, Cancel, Deploy, Filter, Help, Line, Misspelt, Retry, ShowConfig, Status
from headgate.builds.jobs.options import options_of
from headgate.builds.jobs.paths import PathError
from headgate.builds.permissions import Right, has_right, permitted
from headgate.builds.planning import Order, Pinned, Planned, facts_of, failed_of, plan
from headgate.builds.targets import choose, selects, too_many
from headgate.builds.texts.status import StatusRow, result_of, status_table
from headgate.builds.workshop import Workshop
from headgate.errors import ConfigError
from headgate.model.build import BuildJob, BuildRequest
from headgate.model.pull_request import PullRequestState
from headgate.store import audit, build_rows, builds
from headgate.store.builds import JobFilter

_MOST: Final = 1000
_CLOSED: Final = "the pull request is closed"
_REPLACED: Final = (
    "a newer commit was pushed after this was written, and the commit that was meant is not known: "
    "give the command again"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked, where, and about which commit. ``author`` wrote the pull request."""

    request: BuildRequest
    forge: Forge
    author: str
    state: PullRequestState
    pinned: Pinned | None
    """None: the commit that was meant was replaced, and nobody knows which one it was."""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a line. ``outcome``: ``done``, ``refused``, ``failed``; ``run``: the number of the run it made.

    ``points`` are texts fit for a comment; with ``whole``, there is one that is no list.
    """

    outcome: str
    points: tuple[str, ...] = ()
    run: int | None = None
    whole: bool = False


class Commands:
    """Does what lines ask for. Every method may raise ForgeError and StoreError; then the line is done again."""

    def __init__(self, workshop: Workshop, deploying: Deploying) -> None:
        self._shop = workshop
        self._deploying = deploying

    async def may(self, asked: Asked, right: Right) -> tuple[bool, str]:
        """Tell whether who asked has a right; and why nobody knows, if so."""
        who = permitted(self._shop.settings, asked.request.repository, right)
        found = await has_right(who, asked.request.sender, author=asked.author, in_team=asked.forge.in_team)
        return found.granted, "" if found.granted else found.because

    async def run(self, asked: Asked, line: Line) -> Done:
        """Do one line."""
        settings = self._shop.settings
        match line.command:
            case Misspelt(message):
                done = Done("refused", (message,))
            case Help():
                done = Done("done", (texts.usage(settings),), whole=True)
            case ShowConfig():
                done = Done("done", (texts.configuration(settings),), whole=True)
            case Status():
                done = await self._status(asked, line.command)
            case Cancel():
                done = await self._cancel(asked, line.command)
            case Build():
                done = await self._build(asked, line, line.command)
            case Retry():
                done = await self._retry(asked, line, line.command)
            case Deploy():
                done = await self.deploy(asked, line.command.filters, line.number)
        return done

    async def _build(self, asked: Asked, line: Line, command: Build) -> Done:
        shop = self._shop
        if (refused := await self._not_allowed_to_build(asked)) is not None:
            return refused
        chosen = choose(shop.settings, command, known=shop.repos.sections)
        if chosen.problem:
            return Done("refused", (chosen.problem,))
        if chosen.preview:
            return Done("done", (texts.preview(chosen, line),), whole=True)
        try:
            options_of(command.submit_arguments)
        except ConfigError as error:
            return Done("refused", (error.message,))
        pinned = asked.pinned
        if pinned is None:
            return _replaced()
        order = Order(asked.request, line.number, pinned, command)
        return await self._planned(lambda c: plan(c, shop, order, chosen.choices), pinned)

    async def _retry(self, asked: Asked, line: Line, command: Retry) -> Done:
        shop, request = self._shop, asked.request
        if (refused := await self._not_allowed_to_build(asked)) is not None:
            return refused

        def work(connection: Connection) -> Done:
            again = builds.run_of_key(connection, f"request {request.id} line {line.number}")
            if again is not None:
                return Done("done", (_at(again.head_commit),), again.id)
            failed = failed_of(connection, shop.settings, request.repository, request.number, command.filters)
            if failed is None:
                return Done("refused", ("nothing failed that could be tried again", texts.NOTHING))
            if (many := too_many(shop.settings, len(failed.choices))) != "":
                return Done("refused", (many, texts.NOTHING))
            last = failed.run
            pinned = Pinned(last.base_branch, last.head_commit, last.base_commit)
            build = Build(
                job_arguments=_words(last.data.get("job_arguments")),
                submit_arguments=_words(last.data.get("submit_arguments")),
                again=True,
            )
            planned = plan(connection, shop, Order(request, line.number, pinned, build), failed.choices)
            number = None if planned.run is None else planned.run.id
            return Done("done", (_at(last.head_commit), *map(_other_arguments, failed.others)), number)

        try:
            return await shop.store.write(work)
        except PathError as error:
            return Done("failed", (error.message,))

    async def _not_allowed_to_build(self, asked: Asked) -> Done | None:
        granted, because = await self.may(asked, Right.BUILD)
        sender = asked.request.sender
        if not granted:
            points = [texts.build_refused(self._shop.settings.texts, sender), texts.no_build_permission(sender)]
            return Done("refused", tuple(points + ([because] if because else [])))
        if asked.state is not PullRequestState.OPEN:
            return Done("refused", (_CLOSED, texts.NOTHING))
        return None

    async def _planned(self, work: Callable[[Connection], Planned], pinned: Pinned) -> Done:
        try:
            planned = await self._shop.store.write(work)
        except PathError as error:
            return Done("failed", (error.message,))
        points = [_there_already(job) for job in planned.skipped]
        if planned.run is None:
            return Done("refused", (*points, f"{texts.NOTHING}; `bot: rebuild` builds it all the same"))
        return Done("done", (_at(pinned.head_commit), *points), planned.run.id)

    async def _cancel(self, asked: Asked, command: Cancel) -> Done:
        shop, request = self._shop, asked.request
        wanted = JobFilter(repository=request.repository, number=request.number, open=True)
        there = await shop.store.read(lambda c: builds.find_jobs(c, wanted, limit=_MOST))
        points: list[str] = []
        if command.jobs:
            known = {job.job_id for job in there}
            points += [
                f"there is no job `{number}` of this pull request that is not over"
                for number in command.jobs
                if number not in known
            ]
            there = [job for job in there if job.job_id in command.jobs]
        there = [job for job in there if selects(command.filters, facts_of(shop.settings.instance, job))]
        others = any(job.requester.casefold() != request.sender.casefold() for job in there)
        all_of_them = (await self.may(asked, Right.CANCEL))[0] if others else True
        outcome = "done"
        for job in there:
            if not all_of_them and job.requester.casefold() != request.sender.casefold():
                points.append(texts.no_cancel_permission(request.sender, job.job_id or 0))
                outcome = "refused"
                continue
            await shop.store.write(lambda c, job=job: ask_cancel(c, job, request.sender))  # type: ignore[misc]
            what = f"`{job.job_id}`" if job.job_id else f"on `{texts.code(job.target)}`, which is not submitted yet,"
            points.append(f"job {what} is being cancelled")
        return Done(outcome if there else "refused", tuple(points) or ("there is no job to cancel",))

    async def _status(self, asked: Asked, command: Status) -> Done:
        shop, request = self._shop, asked.request
        wanted = JobFilter(repository=request.repository, number=request.number)

        def work(connection: Connection) -> list[StatusRow]:
            found = builds.find_jobs(connection, wanted, limit=_MOST)
            return [
                status_of(job, build_rows.of_job(connection, job.id))
                for job in found
                if selects(command.filters, facts_of(shop.settings.instance, job))
            ]

        rows = await shop.store.read(work)
        return Done("done", (status_table(rows, last_build=command.last_build),), whole=True)

    async def deploy(self, asked: Asked, filters: Sequence[Filter], line: int = 0) -> Done:
        """Deploy what was built, if who asked may. ``line``: that of the command, 0 for a label."""
        granted, because = await self.may(asked, Right.DEPLOY)
        sender = asked.request.sender
        if not granted:
            points = [texts.deploy_refused(self._shop.settings.texts, sender), texts.no_deploy_permission(sender)]
            return Done("refused", tuple(points + ([because] if because else [])))
        if asked.pinned is None:
            return _replaced()
        told = await self._deploying.deploy(asked.request, asked.pinned.head_commit, filters, line)
        return Done(told.outcome, told.points)

    async def deploy_granted(self, request: BuildRequest, commit: str) -> Done:
        """Deploy what was built, for somebody of whom it is known that they may."""
        told = await self._deploying.deploy(request, commit, ())
        return Done(told.outcome, told.points)


def ask_cancel(connection: Connection, job: BuildJob, by: str) -> None:
    """Write that somebody wants a job to end; the engine sees to it."""
    builds.note_job(connection, job.id, {"cancelled_by": by, "not_before": 0.0})
    audit.record(
        connection,
        user=job.user,
        via=f"pull request {job.repository}#{job.number}",
        action="build ask cancel",
        subject=f"build job {job.id}",
        outcome="done",
        detail=f"asked for by {by}",
    )


def status_of(job: BuildJob, rows: Sequence[object]) -> StatusRow:
    """Return how a job fares, as ``bot: status`` shows it."""
    told = [row for row in rows if getattr(row, "status", "") != "test result"]
    last = told[-1] if told else None
    result = str(job.result.get("status") or "")
    if job.phase.over and not result:
        result = "FAILURE" if job.phase.value == "refused" else result_of("")
    on = job.on_architecture.split("/")
    return StatusRow(
        on="-".join(on[1:] or on) + (f", {job.on_accelerator}" if job.on_accelerator else ""),
        built_for=job.for_architecture + (f", {job.for_accelerator}" if job.for_accelerator else ""),
        repository=job.repo_id,
        result=result,
        time=float(getattr(last, "at", job.created_at)),
        status=str(getattr(last, "status", "not submitted" if job.phase.over else "preparing")),
        url=job.comment_url,
        commit=job.commit,
    )


def _there_already(job: BuildJob) -> str:
    what = f"job `{job.job_id}`" if job.job_id else "a job that is being prepared"
    state = "built it already" if job.phase.over else "builds it"
    where = f"`{texts.code(job.target)}` for `{texts.code(job.repo_id)}`"
    return f"{where}: {what} {state} at this commit {job.comment_url}".rstrip()


def _other_arguments(job: BuildJob) -> str:
    where = f"`{texts.code(job.target)}` for `{texts.code(job.repo_id)}`"
    return f"{where} failed with other arguments, and is left alone; `bot: rebuild` takes them"


def _at(commit: str) -> str:
    return f"at commit `{texts.code(commit)}`"


def _replaced() -> Done:
    return Done("refused", (_REPLACED, texts.NOTHING))


def _words(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list) else ()
