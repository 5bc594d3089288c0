"""Submissions: create a job's directory and batch script, and start it.

A start is written down before Slurm is asked, and its answer after. When the answer is lost (the service was killed,
sbatch did not end in time), the submission stays in doubt until ``settling.py`` has searched Slurm for it: it is never
submitted a second time by itself.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import structlog
from sqlalchemy import Connection

from headgate.config.gateway import GatewayLimits
from headgate.errors import NotFoundError
from headgate.executor.interface import Place, Submitted
from headgate.executor.refusal import ExecutorError, RefusedError
from headgate.gateway.allowed import check_active, check_request
from headgate.gateway.control import ENDING, Control
from headgate.gateway.following import Follower
from headgate.gateway.kept import files_of, fingerprint, output_options, plain
from headgate.gateway.owner import Owner, record
from headgate.gateway.refusals import (
    BadRequestError,
    ConflictError,
    TooLargeError,
    TooManyError,
    UnavailableError,
)
from headgate.gateway.request import JobRequest
from headgate.gateway.script import (
    BATCH,
    command_script,
)
from headgate.gateway.templates.store import TemplateStore
from headgate.gateway.ways import Way, refusal, way_of
from headgate.model.app import App
from headgate.model.event import JSON
from headgate.model.submission import LOST, Phase, Submission
from headgate.slurm.refusals import nobody_heard
from headgate.store import jobs, submissions
from headgate.store.jobs import StoredJob
from headgate.store.signals import Topic
from headgate.store.store import Store, ring
from headgate.store.submissions import Repeat

_log = structlog.get_logger(__name__)
_DOUBTFUL: Final = ("timeout", "output", "internal")
"""Why the executor ended sbatch, or lost sight of it: Slurm may have been asked by then."""
_AWAY: Final = "Slurm's controller cannot be reached now; nothing was submitted, try again in a while"
_UNKNOWN: Final = (
    "it is not known yet whether Slurm took the job; this is being looked into, and the job shows the answer"
)


class _TakenError(Exception):
    """The key or the task of a submission is there already."""


class Submissions:
    """Creates and starts jobs of apps."""

    def __init__(
        self,
        store: Store,
        ways: Mapping[str, Way],
        follower: Follower,
        limits: GatewayLimits,
        templates: TemplateStore,
        *,
        control: Control,
    ) -> None:
        """``ways``: by the clusters' names, the default one first."""
        self._store = store
        self._ways = ways
        self._follower = follower
        self._limits = limits
        self._templates = templates
        self._control = control
        self._directories = control.directories
        # The store's: another service, with another idea of the time, may see to what becomes of a submission.
        self._clock = store.clock.now
        self._full: set[str] = set()
        """Ids of apps whose last job was one too many."""

    async def create(
        self,
        owner: Owner,
        request: JobRequest,
        *,
        start: bool,
        repeat_key: str | None = None,
        more: Mapping[str, JSON] | None = None,
        task_uuid: str | None = None,
    ) -> tuple[Submission, bool]:
        """Make a job, and start it if asked to; return it, and whether it is new.

        ``repeat_key``: the same key again, with the same request, returns the first job. ``more``: what else is kept
        with the request; ``output`` and ``error`` there are absolute paths, in place of those in the job's directory.
        """
        way = way_of(self._ways, request.cluster)
        check_request(owner.app, way.name, request)
        repeat = None if repeat_key is None else Repeat(repeat_key, fingerprint(request, more, start=start))
        if repeat is not None and (first := await self._repeated(owner, repeat)) is not None:
            return await self._resume(owner, first, request, start=start), False
        script = await self._script(owner.app, request)
        planned = await self._planned(owner, way, request, script, more=more, task_uuid=task_uuid)
        keeping = asyncio.ensure_future(self._keep(owner, planned, repeat, start=start))
        try:
            if owner.app.id in self._full:
                await keeping  # most likely it is refused, and nothing is to be made ready for that
            if start:
                return await self._submit(owner, planned, script.encode(), keeping=keeping), True
            new = await keeping
        except _TakenError:
            if repeat is not None and (first := await self._repeated(owner, repeat)) is not None:
                return await self._resume(owner, first, request, start=start), False
            raise ConflictError("there is such a task already: its uuid was used") from None
        try:
            await self._directories.make(new, script.encode())
        except (RefusedError, ExecutorError) as error:
            await self._store.write(partial(submissions.discard, submission=new))
            raise refusal(error) from error
        return new, True

    async def adopt(
        self, owner: Owner, task_uuid: str, job_id: int, task: Mapping[str, JSON], notify: Sequence[str]
    ) -> Submission:
        """Watch a job of this user that was submitted elsewhere. Raises NotFoundError, ConflictError."""
        way = way_of(self._ways, None)
        known = await self._seen(way.name, job_id)
        if known is None or known.data.get("user") != owner.user:
            raise NotFoundError("this user has no such job in Slurm")
        submission_id = str(uuid.uuid4())
        try:
            above = await way.submissions(owner.user)
        except (RefusedError, ExecutorError) as error:
            raise refusal(error) from error
        path = "/".join(part for part in (above.path, owner.app.name, submission_id) if part)  # there is nothing there
        new = Submission(
            number=0,
            id=submission_id,
            app_id=owner.app.id,
            user=owner.user,
            name=str(known.data.get("name") or ""),
            cluster=way.name,
            root=above.root,
            path=path,
            request={"task": dict(task), "notify": list[JSON](notify), "options": {}},
            phase=Phase.CREATED,
            run=0,
            task_uuid=task_uuid,
            created_at=self._clock(),
        )

        def work(connection: Connection) -> Submission | None:
            added = self._add(connection, owner, new, None)
            begun = None if added is None else submissions.begin(connection, added, float(known.attempt.submitted))
            return None if begun is None else self._follower.joined(connection, begun, job_id)

        joined = await self._store.write(work)
        if joined is None:
            raise ConflictError(f"there is a task {task_uuid} already")
        return joined

    async def _seen(self, cluster: str, job_id: int) -> StoredJob | None:
        """Return what the watcher knows of a job; it is asked to look if it knows nothing."""
        bell = self._store.bell(Topic.EVENTS)
        deadline = time.monotonic() + ENDING
        while True:
            known = await self._store.read(lambda c: jobs.known_of(c, [(cluster, job_id)]))
            left = deadline - time.monotonic()
            if known or left <= 0:
                return known.get((cluster, job_id))
            self._store.signals.ring(Topic.SUBMISSIONS)
            await bell.wait(min(left, 2.0))

    async def _repeated(self, owner: Owner, repeat: Repeat) -> Submission | None:
        """Return the job that came with this key first. Raises BadRequestError if that was another request."""
        found = await self._store.read(lambda c: submissions.repeated(c, owner.app.id, owner.user, repeat.key))
        if found is None:
            return None
        if found[1] != repeat.hash:
            raise BadRequestError("this Idempotency-Key came with another request before; take a new one")
        return found[0]

    async def _resume(self, owner: Owner, first: Submission, request: JobRequest, *, start: bool) -> Submission:
        """Go on with a job whose first request may have broken off before it was started."""
        broken_off = first.phase is Phase.CREATED and first.run == 0
        if start and (broken_off or first.problem == LOST):
            first = await self._control.get(owner, first.id)  # raises NotFoundError if it was deleted since
            try:
                await self._directories.make(first, (await self._script(owner.app, request)).encode())
            except (RefusedError, ExecutorError) as error:
                raise refusal(error) from error
            return await self.start(owner, first)
        return first

    async def _script(self, app: App, request: JobRequest) -> str:
        if request.template is not None:
            chosen = request.template
            script = await asyncio.to_thread(self._templates.render, app.name, chosen.name, chosen.parameters)
        elif request.script is not None:
            script = request.script
        else:
            script = command_script(request.command or "", request.args, request.chdir)
        if "\0" in script or not script.startswith("#!"):
            raise BadRequestError("a batch script begins with #! and the program that reads it, and holds no NUL")
        try:
            size = len(script.encode())
        except UnicodeEncodeError:
            raise BadRequestError("the batch script is not UTF-8") from None
        if size > self._limits.script:
            raise TooLargeError(f"a batch script has at most {self._limits.script} bytes")
        return script

    async def _planned(
        self,
        owner: Owner,
        way: Way,
        request: JobRequest,
        script: str,
        *,
        more: Mapping[str, JSON] | None,
        task_uuid: str | None,
    ) -> Submission:
        """Return the submission that is to be written down."""
        submission_id = str(uuid.uuid4())
        try:
            above = await way.submissions(owner.user)
        except (RefusedError, ExecutorError) as error:
            raise refusal(error) from error
        path = "/".join(part for part in (above.path, owner.app.name, submission_id) if part)
        kept: dict[str, JSON] = {
            **request.kept(),
            "options": dict(request.options()),
            **files_of(request, script),
            **(more or {}),
        }
        return Submission(
            number=0,
            id=submission_id,
            app_id=owner.app.id,
            user=owner.user,
            name=request.job_name or BATCH,
            cluster=way.name,
            root=above.root,
            path=path,
            request=kept,
            phase=Phase.CREATED,
            run=0,
            task_uuid=task_uuid,
            created_at=self._clock(),
        )

    async def _keep(self, owner: Owner, planned: Submission, repeat: Repeat | None, *, start: bool) -> Submission:
        """Write a submission down. Raises _TakenError if its key or its task is there already, TooManyError."""
        try:
            new = await self._store.write(lambda c: self._add(c, owner, planned, repeat, start=start))
        except TooManyError:
            self._full.add(owner.app.id)
            raise
        self._full.discard(owner.app.id)
        if new is None:
            raise _TakenError
        return new

    def _add(
        self, connection: Connection, owner: Owner, new: Submission, repeat: Repeat | None, *, start: bool = False
    ) -> Submission | None:
        """Write a submission down, and that it is being started; None if its key or its task is there already."""
        if start:
            new = replace(
                new,
                request={**new.request, "earlier_jobs": []},
                phase=Phase.SUBMITTING,
                run=1,
                requested_at=self._clock(),
            )
        added = submissions.add(connection, new, repeat)
        if added is not None:
            record(connection, owner, "create job", added)
            if start:
                check_active(connection, owner.app, owner.user, own=1)
        return added

    async def start(self, owner: Owner, submission: Submission) -> Submission:
        """Submit a job that is not started; one that is stays as it is. Raises ConflictError while it is ending."""
        if submission.phase is Phase.SUBMITTING:
            return submission
        if submission.phase is Phase.ACTIVE:
            if "stopping" not in submission.outcome:
                return submission
            submission = await self._control.over(submission)
            if submission.phase is Phase.ACTIVE:
                raise ConflictError("the job was stopped and is still ending; start it again when it is over")
        script = await self._batch(submission)
        begun = await self._store.write(lambda c: self._begin(c, owner, submission))
        if begun is None:
            return await self._control.get(owner, submission.id)
        return await self._submit(owner, begun, script)

    def _begin(self, connection: Connection, owner: Owner, submission: Submission) -> Submission | None:
        check_active(connection, owner.app, owner.user)
        return submissions.begin(connection, submission, self._clock())

    async def _batch(self, submission: Submission) -> bytes:
        try:
            return await self._directories.read(submission, BATCH, self._limits.script)
        except (RefusedError, ExecutorError) as error:
            raise refusal(error) from error

    async def _submit(
        self, owner: Owner, begun: Submission, script: bytes, *, keeping: asyncio.Future[Submission] | None = None
    ) -> Submission:
        """Ask Slurm, and write down what it said.

        Of a new one the directory is made with it, in one go. ``keeping``: it is being written down that a new one is
        started. Slurm is asked once that is done; meanwhile all else is made ready.
        """
        way = way_of(self._ways, begun.cluster)
        options = begun.request.get("options")
        variables = begun.request.get("environment")
        try:
            answer = await way.jobs.submit(
                begun.user,
                Place(begun.root, begun.path),
                script,
                options={**plain(options), **output_options(begun.request)},
                environment={name: str(value) for name, value in plain(variables).items()},
                cluster=way.alias,
                save_as=BATCH if keeping else "",
                when=keeping,
            )
        except (RefusedError, ExecutorError) as error:
            raise await self._unsubmitted(
                owner, await keeping if keeping else begun, error, new=bool(keeping)
            ) from error
        if keeping:
            begun = await keeping
        _log.info("gateway.submitted", submission=begun.id, job=int(answer.job))
        # Not waited for: should this process end before it is kept, it is found out again. That the submission is being
        # started is on disk, and so Slurm is searched for its job.
        self._store.write_soon(lambda c: self._submitted(c, owner, begun, answer), partial(_not_kept, begun))
        return submissions.with_job(begun, int(answer.job))

    async def _unsubmitted(
        self, owner: Owner, begun: Submission, error: RefusedError | ExecutorError, *, new: bool
    ) -> Exception:
        """Write down why a start led to no job, or that it is not known; return what its owner is told."""
        if isinstance(error, ExecutorError):
            _log.warning("gateway.submit_in_doubt", submission=begun.id, error=error.message)
        elif new and error.error not in ("slurm", *_DOUBTFUL):
            await self._store.write(lambda c: submissions.discard(c, begun))  # Slurm was not asked
            return refusal(error)
        elif error.error == "slurm" and nobody_heard(error.message):
            if new:
                await self._store.write(lambda c: submissions.discard(c, begun))
            else:
                await self._store.write(lambda c: self._refused(c, owner, begun, _AWAY))
            return UnavailableError(_AWAY)
        elif error.error not in _DOUBTFUL:
            problem = error.message
            await self._store.write(lambda c: self._refused(c, owner, begun, problem))
            return refusal(error)
        await self._store.write(lambda c: submissions.doubt(c, begun, _UNKNOWN))
        return UnavailableError(_UNKNOWN)

    def _submitted(self, connection: Connection, owner: Owner, begun: Submission, answer: Submitted) -> None:
        self._follower.joined(connection, begun, int(answer.job))
        record(connection, owner, "start job", begun, detail=f"Slurm job {answer.job}")
        ring(connection, Topic.SUBMISSIONS)

    def _refused(self, connection: Connection, owner: Owner, begun: Submission, problem: str) -> None:
        submissions.refused(connection, begun, problem, self._clock())
        record(connection, owner, "start job", begun, outcome="refused", detail=problem)


def _not_kept(begun: Submission, error: BaseException) -> None:
    _log.warning("gateway.job_not_kept", submission=begun.id, error=str(error))
