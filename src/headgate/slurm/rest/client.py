"""What can be asked of Slurm by slurmrestd: the same as of its commands, and jobs submitted by token."""

from __future__ import annotations

import asyncio
import functools
import pwd
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import structlog

from headgate.config.slurm import SlurmSettings
from headgate.config.slurmrestd import RestSettings
from headgate.errors import ConfigError, SlurmOutputError, SlurmRefusedError
from headgate.model.job import Figures, QueuedJob
from headgate.slurm.commands.scontrol import MailSettings
from headgate.slurm.rest.door import Door, Unchanged
from headgate.slurm.rest.reading import accounted_job, queued_job
from headgate.slurm.rest.steps import Option
from headgate.slurm.rest.values import Json, moment, number, records, text

_log = structlog.get_logger(__name__)
_PATH: Final = "/usr/local/bin:/usr/bin:/bin"
_GONE: Final = frozenset({2017, 2021})
"""Invalid job id; already done (slurm_errno.h)."""
_DIRECTIVE: Final = "#SBATCH"


class RestClient:
    """Asks slurmrestd. Reading raises what ``SlurmClient`` raises; acting also SlurmRefusedError."""

    def __init__(self, settings: SlurmSettings) -> None:
        if settings.rest is None:
            raise ConfigError("slurm.driver is rest, and there is no [slurm.rest]")
        self._rest: RestSettings = settings.rest
        self._door = Door(settings.rest)
        self._cluster = settings.cluster
        self._asking_cluster = asyncio.Lock()
        self._queue: list[QueuedJob] = []
        self._raw: list[Json] = []
        self._seen: float | None = None
        self.refused = 0
        """Records that could not be read, over all calls."""

    async def aclose(self) -> None:
        """Close connections."""
        await self._door.aclose()

    async def cluster_name(self) -> str:
        """Return the cluster's name: what accounting calls the cluster, or the jobs do, unless the settings name it."""
        async with self._asking_cluster:
            if not self._cluster:
                answer = await self._read("/slurmdb/{v}/clusters", patience=self._rest.accounting_timeout)
                names = [text(one.get("name")) for one in records(answer, "clusters")]
                if len(names) != 1 or not names[0]:
                    raise SlurmOutputError("slurmrestd does not say which cluster this is; set slurm.cluster")
                self._cluster = names[0]
        return self._cluster

    async def controller_started(self) -> float | None:
        """Return None: this API does not say when slurmctld was started."""
        return None

    async def accounting_backlog(self) -> int:
        """Return how many records slurmctld still has to tell slurmdbd; 0 if it does not say."""
        statistics = (await self._read("/slurm/{v}/diag")).get("statistics")
        return (number(statistics.get("dbd_agent_queue_size")) or 0) if isinstance(statistics, Mapping) else 0

    async def queue(self) -> list[QueuedJob]:
        """Return all jobs slurmctld knows. Where nothing has changed, slurmctld says so, and sends nothing."""
        cluster = await self.cluster_name()
        query = {} if self._seen is None else {"update_time": str(int(self._seen))}
        asked = time.time()
        answer = await self._door.ask("GET", "/slurm/{v}/jobs", query=query)
        if not isinstance(answer, Unchanged):
            self._raw = records(answer, "jobs")
            self._queue = self._jobs(self._raw, cluster)
            # Two seconds are taken off, for clocks and for changes within the second of this look.
            self._seen = asked - 2
        return self._queue

    async def mail_settings(self, known: Collection[int] | None = None) -> dict[int, MailSettings]:
        """Return nothing: this API does not say which mails a job asked for."""
        del known
        return {}

    async def accounting(self, ids: Sequence[int], *, since: float | None = None) -> list[Figures]:
        """Return what accounting says of these jobs and arrays, by one question for all that ended since a time."""
        if not ids:
            return []
        wanted = set(ids)
        start = since if since is not None else time.time() - 30 * 86400
        figures = await self._accounted({"start_time": _day(start)})
        return [
            one
            for one in figures
            if one.attempt.job_id in wanted or (one.array is not None and one.array.array_id in wanted)
        ]

    async def accounting_between(self, since: float, until: float) -> list[Figures]:
        """Return every attempt that ended in this window."""
        figures = await self._accounted({"start_time": _day(since)})
        return [one for one in figures if one.ended is not None and since <= one.ended <= until]

    async def find_by_directory(self, user: str, directory: str, since: float) -> list[tuple[str, int]]:
        """Return the jobs (id, submit time) that a user submitted in a directory since a time, oldest first."""
        self._seen = None
        await self.queue()
        found: dict[str, int] = {}
        for job in self._raw:
            submitted = moment(job.get("submit_time"))
            here = text(job.get("current_working_directory")) == directory and _owner(job) == user
            if here and submitted is not None and submitted >= since:
                array = number(job.get("array_job_id"))
                found[str(array or number(job.get("job_id")))] = int(submitted)
        if not found:
            for one in await self._accounted({"start_time": _day(since)}):
                if one.work_dir == directory and one.user in ("", user) and one.attempt.submitted >= since:
                    found[str(one.array.array_id if one.array else one.attempt.job_id)] = one.attempt.submitted
        return sorted(found.items(), key=lambda pair: pair[1])

    async def cancel(self, job: str, owner: str) -> str | None:
        """End a job of this user; return None, or in plain words why not."""
        try:
            await self.cancel_as(owner, job)
        except SlurmRefusedError as error:
            return error.message
        return None

    # Acting as a user

    async def submit(
        self,
        user: str,
        directory: str,
        script: bytes,
        options: Mapping[str, Option],
        environment: Mapping[str, str],
    ) -> tuple[str, str]:
        """Submit a batch script in a directory; return the job's id and what Slurm said besides.

        Raises SlurmRefusedError if it was refused, SlurmCommandError if it is not known whether Slurm has it.
        """
        step = await self._door.step()
        text_ = checked_script(script)
        variables = {"PATH": _PATH, "USER": user, "LOGNAME": user, **environment}
        default = "slurm-%A_%a.out" if "array" in options else "slurm-%j.out"
        given = {"job_name": "batch.sh", "output": default, **options}
        for name in ("output", "error"):
            if name in given and not str(given[name]).startswith("/"):
                given[name] = f"{directory}/{given[name]}"
        body = step.submission(text_, directory, given, variables)
        answer = await self._act("POST", "/slurm/{v}/job/submit", user, body, done="job_id")
        job = number(answer.get("job_id"))
        if not job:
            raise SlurmOutputError("slurmrestd named no job")
        return str(job), text(answer.get("job_submit_user_msg"))

    async def cancel_as(self, user: str, job: str) -> None:
        """End a job; one that is over is fine."""
        try:
            await self._act("DELETE", f"/slurm/{{v}}/job/{_job(job)}", user)
        except SlurmRefusedError as error:
            if error.number not in _GONE:
                raise

    async def hold(self, user: str, job: str) -> None:
        """Keep a waiting job from starting."""
        await self._change(user, job, {"hold": True})

    async def release(self, user: str, job: str) -> None:
        """Let a held job start."""
        await self._change(user, job, {"hold": False})

    async def requeue(self, user: str, job: str) -> None:
        """Refuse: slurmrestd has no way to requeue a job."""
        raise SlurmRefusedError(f"slurmrestd cannot requeue job {_job(job)} of {user}; the cli driver can")

    async def update(self, user: str, job: str, changes: Mapping[str, Option]) -> None:
        """Change a job: time limit, and what else an owner may."""
        step = await self._door.step()
        await self._change(user, job, step.described(changes))

    async def raw(self, user: str, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return an answer as it is. ``path``: with ``{v}`` for the step of the API."""
        answer = await self._door.ask("GET", path, user=user, query=query, patience=self._rest.accounting_timeout)
        return {} if isinstance(answer, Unchanged) else answer

    async def _change(self, user: str, job: str, body: Mapping[str, Any]) -> None:
        await self._act("POST", f"/slurm/{{v}}/job/{_job(job)}", user, body)

    async def _act(
        self, method: str, path: str, user: str, body: Mapping[str, Any] | None = None, *, done: str = ""
    ) -> dict[str, Any]:
        answer = await self._door.ask(method, path, user=user, body=body, done=done)
        return {} if isinstance(answer, Unchanged) else answer

    async def _read(self, path: str, *, patience: float | None = None) -> dict[str, Any]:
        answer = await self._door.ask("GET", path, patience=patience)
        return {} if isinstance(answer, Unchanged) else answer

    async def _accounted(self, query: Mapping[str, str]) -> list[Figures]:
        cluster = await self.cluster_name()
        patience = self._rest.accounting_timeout
        answer = await self._door.ask("GET", "/slurmdb/{v}/jobs", query=query, patience=patience)
        found, refused = [], 0
        for job in [] if isinstance(answer, Unchanged) else records(answer, "jobs"):
            try:
                found.append(accounted_job(job, cluster))
            except ValueError:
                refused += 1
        self._refuse(refused, len(found))
        return found

    def _jobs(self, raw: Sequence[Json], cluster: str) -> list[QueuedJob]:
        found, refused = [], 0
        for job in raw:
            try:
                read = queued_job(job, cluster)
                found.append(read if read.user else replace(read, user=_owner(job)))
            except ValueError:
                refused += 1
        self._refuse(refused, len(found))
        return found

    def _refuse(self, refused: int, read: int) -> None:
        self.refused += refused
        if refused and not read:
            raise SlurmOutputError("nothing in the answer of slurmrestd can be read")
        if refused:
            _log.warning("slurm.records_refused", command="slurmrestd", refused=refused, read=read)


def _owner(job: Json) -> str:
    """Return whose job it is; 20.11 tells only the user's number."""
    return text(job.get("user_name")) or _name_of(number(job.get("user_id")) or 0)


@functools.lru_cache(maxsize=10_000)
def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except (KeyError, OverflowError):
        return ""


def checked_script(script: bytes) -> str:
    """Return a batch script that slurmrestd runs as its owner means it. Raises SlurmRefusedError."""
    try:
        text_ = script.decode()
    except UnicodeDecodeError:
        raise SlurmRefusedError("the batch script is not UTF-8") from None
    if not text_.startswith("#!"):
        raise SlurmRefusedError("the batch script does not begin with #!")
    if any(line.startswith(_DIRECTIVE) for line in text_.splitlines()):
        raise SlurmRefusedError(
            "slurmrestd ignores #SBATCH lines; give them as options, or ask the administrators for the cli driver"
        )
    return text_


def _job(job: str) -> str:
    if not all(part.isascii() and part.isdigit() for part in job.split("_", 1)):
        raise SlurmRefusedError(f"{job[:32]!a} is no job")
    return job


def _day(since: float) -> str:
    """Return a time as all steps of the API take it: 22.05 takes dates, later ones seconds since the epoch, too."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(since))
