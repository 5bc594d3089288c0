"""What is done to jobs of apps once they are there: stopped, held, changed, deleted, as their owners."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from sqlalchemy import Connection

from headgate.errors import NotFoundError
from headgate.executor.refusal import ExecutorError, RefusedError
from headgate.gateway.allowed import check_places
from headgate.gateway.directories import Directories
from headgate.gateway.owner import Owner, record
from headgate.gateway.refusals import ConflictError
from headgate.gateway.request import JobUpdate
from headgate.gateway.ways import Way, refusal, way_of
from headgate.model.submission import Phase, Submission
from headgate.store import submissions
from headgate.store.signals import Topic
from headgate.store.store import Store, ring

ENDING: Final = 20.0
"""Seconds a job that was stopped has to be over before it is started again, or its files are removed."""
_OVER: Final = ("already completing or completed", "Invalid job id specified", "Job/step already completing")
"""What Slurm says when there is nothing left to cancel."""


class Control:
    """Finds, stops, holds, changes and forgets jobs of apps."""

    def __init__(self, store: Store, ways: Mapping[str, Way], directories: Directories) -> None:
        """``ways``: by the clusters' names, the default one first."""
        self._store = store
        self._ways = ways
        self.directories = directories
        self._clock = store.clock.now

    async def get(self, owner: Owner, submission_id: str) -> Submission:
        """Return one job of this app and user. Raises NotFoundError, for somebody else's too."""
        found = await self._store.read(lambda c: submissions.get(c, owner.app.id, submission_id, owner.user))
        if found is None:
            raise NotFoundError("there is no such job")
        return found

    async def stop(self, owner: Owner, submission: Submission) -> Submission:
        """Cancel a job that is started. Raises ConflictError while it is not known whether Slurm has it."""
        if submission.phase is Phase.SUBMITTING:
            raise ConflictError("the job is just being submitted; stop it when that is done")
        if submission.phase is not Phase.ACTIVE or submission.job_id is None:
            return submission
        await self._ask(owner, submission, "stop job", _over_is_fine)
        stopping = {**submission.outcome, "stopping": self._clock()}

        def work(connection: Connection) -> None:
            submissions.follow(connection, replace(submission, phase=Phase.ACTIVE), {"outcome": stopping})
            ring(connection, Topic.SUBMISSIONS)

        current = await self.get(owner, submission.id)
        if current.phase is Phase.ACTIVE:
            await self._store.write(work)
        return current

    async def act(self, owner: Owner, submission: Submission, verb: str) -> None:
        """``hold``, ``release`` or ``requeue`` a job."""
        self._job_of(submission)
        await self._ask(owner, submission, f"{verb} job", None)

    async def update(self, owner: Owner, submission: Submission, changes: JobUpdate) -> None:
        """Change a job that Slurm has. Raises BadRequestError with Slurm's words."""
        job, way = self._job_of(submission), way_of(self._ways, submission.cluster)
        check_places(owner.app, changes.partition, changes.account, named=False)
        try:
            await way.jobs.update(submission.user, job, changes.changes(), cluster=way.alias)
        except (RefusedError, ExecutorError) as error:
            raise refusal(error) from error
        detail = ", ".join(f"{name}={value}" for name, value in changes.changes().items())
        await self._store.write(lambda c: record(c, owner, "update job", submission, detail=detail))

    async def _ask(
        self, owner: Owner, submission: Submission, action: str, fine: Callable[[RefusedError], bool] | None
    ) -> None:
        """Do one thing to a job as its owner, and write it down."""
        job, way = self._job_of(submission), way_of(self._ways, submission.cluster)
        verbs = {"stop": way.jobs.cancel, "hold": way.jobs.hold, "release": way.jobs.release}
        verb = verbs.get(action.partition(" ")[0], way.jobs.requeue)
        outcome, detail = "done", f"Slurm job {job}"
        try:
            await verb(submission.user, job, cluster=way.alias)
        except RefusedError as error:
            if fine is None or not fine(error):
                outcome, detail = "refused", error.message
                await self._store.write(lambda c: record(c, owner, action, submission, outcome=outcome, detail=detail))
                raise refusal(error) from error
        except ExecutorError as error:
            raise refusal(error) from error
        await self._store.write(lambda c: record(c, owner, action, submission, outcome=outcome, detail=detail))
        self._store.signals.ring(Topic.SUBMISSIONS)

    def _job_of(self, submission: Submission) -> str:
        if submission.phase is not Phase.ACTIVE or submission.job_id is None:
            raise ConflictError("Slurm does not have this job now: it was not started, or is over")
        return str(submission.job_id)

    async def over(self, submission: Submission) -> Submission:
        """Wait a while until a job that is being ended is over; return it as it is then."""
        bell = self._store.bell(Topic.EVENTS)
        app_id, submission_id = submission.app_id, submission.id
        deadline = time.monotonic() + ENDING
        while (left := deadline - time.monotonic()) > 0:
            self._store.signals.ring(Topic.SUBMISSIONS)
            current = await self._store.read(partial(submissions.get, app_id=app_id, submission_id=submission_id))
            if current is None:
                raise NotFoundError("there is no such job")
            if current.phase is not Phase.ACTIVE:
                return current
            await bell.wait(min(left, 1.0))
        return submission

    async def delete(self, owner: Owner, submission: Submission) -> None:
        """Cancel a job if it is not over, remove its directory, and forget it."""
        if submission.phase is Phase.SUBMITTING:
            raise ConflictError("the job is just being submitted; delete it when that is done")
        if submission.phase is Phase.ACTIVE:
            submission = await self.over(await self.stop(owner, submission))
        try:
            await self.directories.remove(submission)
        except (RefusedError, ExecutorError) as error:
            raise refusal(error) from error

        def work(connection: Connection) -> None:
            submissions.mark_deleted(connection, submission, self._clock())
            record(connection, owner, "delete job", submission)

        await self._store.write(work)

    async def prune(self, owner: Owner, submission: Submission) -> int:
        """Remove all that is in a job's directory but the batch script; return how many files and directories went."""
        try:
            removed = await self.directories.prune(submission)
        except (RefusedError, ExecutorError) as error:
            raise refusal(error) from error
        await self._store.write(lambda c: record(c, owner, "prune job", submission))
        return removed


def _over_is_fine(error: RefusedError) -> bool:
    return error.error == "slurm" and any(words in error.message for words in _OVER)
