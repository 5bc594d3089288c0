"""The outbox of comments: rows that are owed are appended to their job's comment, several at a time, each once.

A comment of ours is only ever appended to: other programs add rows to the same table. It is read before it is written,
so a row whose writing was answered by nobody is found in it and not written again. A comment that was deleted is made
anew, with all rows. That a comment was asked for is written down before: one whose number was lost is found by our
login and the lines above its table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

import structlog
from sqlalchemy import Connection

from headgate.builds.backoff import later
from headgate.builds.forge.interface import CommitState, ForbiddenError, Forge, ForgeError, GoneError
from headgate.builds.texts import rows as texts
from headgate.builds.texts.comment import JobFacts, job_comment, job_header
from headgate.builds.texts.rows import Row
from headgate.builds.workshop import Workshop
from headgate.model.build import BuildJob, BuildRow, JobPhase
from headgate.model.pull_request import Comment
from headgate.store import build_rows, builds

_log = structlog.get_logger(__name__)
_SKEW: Final = 300.0
_ROOM: Final = 65_000
"""Characters of a comment, a little less than forges take."""
FORBIDDEN: Final = "forbidden"
"""What was shown beside a commit where that is not allowed."""
NO_COMMENT: Final = 0
"""The number of the comment of a job whose pull request takes none (any more)."""


def facts_of(instance: str, job: BuildJob) -> JobFacts:
    """Return what a job's comment says above its table."""
    return JobFacts(
        instance=instance,
        repository=job.repo_id,
        on_architecture=job.on_architecture,
        on_accelerator=job.on_accelerator,
        architecture=job.for_architecture,
        accelerator=job.for_accelerator,
        symlink=job.directory,
        commit=job.commit,
    )


class Outbox:
    """Writes what is owed to one job's comment, and shows how it fares beside the commit."""

    def __init__(self, workshop: Workshop) -> None:
        self._shop = workshop
        self._forbidden: set[str] = set()

    async def tell(self, job: BuildJob, owed: Sequence[BuildRow]) -> None:
        """Write the rows that are owed. Raises StoreError; when the forge fails, it is tried again later."""
        forge = self._shop.forges.get(job.repository.forge)
        if forge is None:
            await self._gone(job, f"there is no forge {job.repository.forge} in the configuration any more")
            return
        try:
            if owed and job.comment_id != NO_COMMENT:
                await self._write(forge, job, owed)
            elif owed:
                await self._shop.store.write(lambda c: build_rows.mark_written(c, [row.id for row in owed]))
            await self._show(forge, job)
        except GoneError as error:
            await self._gone(job, error.message)
        except ForbiddenError as error:
            _log.error("build.comment_forbidden", job=job.id, error=error.message)
            await self._later(job, error)
        except ForgeError as error:
            _log.warning("build.not_told", job=job.id, error=error.message)
            await self._later(job, error)

    async def _write(self, forge: Forge, job: BuildJob, owed: Sequence[BuildRow]) -> None:
        if job.comment_id is None:
            await self._create(forge, job)
            return
        try:
            comment = await forge.comment(job.repository, job.number, job.comment_id)
            body = await self._appended(forge, job, comment, owed)
        except GoneError:
            await self._shop.store.write(partial(_forget_comment, job=job))
            return  # with all its rows, it is made anew
        if body is None:
            await self._create(forge, job, owed)
            return
        await self._told(job, comment, owed)

    async def _appended(self, forge: Forge, job: BuildJob, comment: Comment, owed: Sequence[BuildRow]) -> str | None:
        """Append what is not there yet; None if there is no room for it."""
        there = {line.strip() for line in comment.body.splitlines()}
        missing = [row for row in map(_row, owed) if str(row) not in there]
        body = texts.append(comment.body, missing)
        if len(body) > _ROOM:
            return None
        if missing:
            await forge.edit_comment(job.repository, job.number, comment.id, body)
        return body

    async def _create(self, forge: Forge, job: BuildJob, only: Sequence[BuildRow] = ()) -> None:
        """Make a job's comment, unless it was made already and nobody heard of it."""
        shop, own = self._shop, self._shop.settings
        facts = facts_of(own.instance, job)
        all_rows = list(only) or await shop.store.read(lambda c: build_rows.of_job(c, job.id))
        if job.comment_asked is not None and not only:
            found = await self._find(forge, job, job_header(own.texts, facts))
            if found is not None:
                body = await self._appended(forge, job, found, all_rows)
                await self._told(job, found, all_rows if body is not None else ())
                return
        now = shop.clock()
        await shop.store.write(lambda c: builds.note_job(c, job.id, {"comment_asked": now}))
        body = job_comment(own.texts, facts, [_row(row) for row in all_rows])[:_ROOM]
        made = await forge.add_comment(job.repository, job.number, body)
        await self._told(job, made, all_rows)

    async def _find(self, forge: Forge, job: BuildJob, header: str) -> Comment | None:
        since = (job.comment_asked or 0.0) - _SKEW
        comments = await forge.comments(job.repository, job.number, since=since)
        login = forge.login.casefold()
        wanted = [line.strip() for line in header.splitlines()]
        for comment in comments:
            lines = [line.strip() for line in comment.body.splitlines()[: len(wanted)]]
            if comment.author.casefold() == login and lines == wanted:
                return comment
        return None

    async def _told(self, job: BuildJob, comment: Comment, written: Sequence[BuildRow]) -> None:
        values = {
            "comment_id": comment.id,
            "comment_url": comment.url or job.comment_url,
            "told_not_before": 0.0,
            "tellings": 0,
        }

        def work(connection: Connection) -> None:
            builds.note_job(connection, job.id, values)
            build_rows.mark_written(connection, [row.id for row in written])

        await self._shop.store.write(work)
        _log.info("build.told", job=job.id, comment=comment.id, rows=len(written))

    async def _show(self, forge: Forge, job: BuildJob) -> None:
        """Show beside the commit how its job fares, where that is wanted and allowed."""
        if not self._shop.settings.commit_states:
            return
        current = await self._shop.store.read(lambda c: builds.get_job(c, job.id))
        if current is None or current.job_id is None:
            return
        state, described = commit_state(current)
        shown = FORBIDDEN if forge.name in self._forbidden else state.value
        if current.shown_state == shown:
            return
        name = f"{self._shop.settings.instance}/{job.target}/{job.repo_id}"
        try:
            if shown != FORBIDDEN:
                await forge.set_commit_state(job.repository, job.commit, name, state, description=described)
        except ForbiddenError as error:
            self._forbidden.add(forge.name)
            _log.error("build.commit_states_forbidden", forge=forge.name, error=error.message)
            shown = FORBIDDEN
        await self._shop.store.write(
            lambda c: builds.note_job(c, job.id, {"shown_state": shown, "told_not_before": 0.0, "tellings": 0})
        )

    async def _gone(self, job: BuildJob, told: str) -> None:
        """Know that a pull request takes no comments: its jobs go on all the same."""
        _log.warning("build.nowhere_to_tell", job=job.id, error=told)

        def work(connection: Connection) -> None:
            builds.note_job(connection, job.id, {"comment_id": NO_COMMENT, "tellings": 0})
            build_rows.mark_written(connection, [row.id for row in build_rows.of_job(connection, job.id)])

        await self._shop.store.write(work)

    async def _later(self, job: BuildJob, error: ForgeError) -> None:
        values: Mapping[str, object] = {
            "tellings": job.tellings + 1,
            "told_not_before": self._shop.clock() + later(job.tellings, error.retry_after),
        }
        await self._shop.store.write(lambda c: builds.note_job(c, job.id, values))


def commit_state(job: BuildJob) -> tuple[CommitState, str]:
    """Return how a job is shown beside its commit: the state, and a short description."""
    if job.phase is not JobPhase.DONE:
        return CommitState.PENDING, f"job {job.job_id} was submitted"
    status = str(job.result.get("status") or "UNKNOWN")
    test = job.result.get("test")
    described = f"job {job.job_id}: {status}" + (f", tests {test}" if test else "")
    if status == "SUCCESS" and test in (None, "SUCCESS"):
        return CommitState.SUCCESS, described
    return (CommitState.FAILURE if "FAILURE" in (status, test) else CommitState.ERROR), described


def _row(row: BuildRow) -> Row:
    return Row(row.at, row.status, row.text)


def _forget_comment(connection: Connection, job: BuildJob) -> None:
    builds.note_job(connection, job.id, {"comment_id": None, "comment_asked": None})
    build_rows.owe_all(connection, job.id)
