"""Looking at jobs, and changing them as an administrator."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from headgate.errors import NotFoundError, SlurmRefusedError
from headgate.model.change import Change, Changes, Facts, Value
from headgate.slurm.commands import job_updates, records
from headgate.slurm.commands.job_updates import PYSLURM_KEYS, JobKey, JobOrder
from headgate.slurm.commands.marks import new_mark
from headgate.slurm.operating.administration import Administration
from headgate.slurm.pyslurm import jobs as pyslurm
from headgate.slurm.pyslurm.jobs import JOB, STEP

_UNKNOWN_JOB: Final = "Invalid job id"
_ALWAYS: Final = ("job_state", "state_reason", "restart_cnt", "priority")
_OWN_KEYS: Final = {key: name for name, key in PYSLURM_KEYS.items()}
_EXPECTED: Final = {JobOrder.CANCEL: "CANCELLED", JobOrder.REQUEUE: "PENDING", JobOrder.REQUEUE_HOLD: "PENDING"}


class JobOperator:
    """Looks at jobs that slurmctld knows, and changes them, whosever they are.

    Jobs are named as Slurm does: ``12``, ``12_3``, ``12+1``; an array's number is all its tasks. Methods raise
    ValueError for what is no job, none, or too many; NotFoundError for one that slurmctld does not know, before
    anything is done; and SlurmError if Slurm does not answer. What Slurm refuses for one job stands in its ``Change``.
    """

    def __init__(self, administration: Administration) -> None:
        self._administration = administration

    async def find(self, criteria: Mapping[str, Value]) -> list[int]:
        """Return the numbers of all jobs whose record, by PySlurm's keys, equals every criterion.

        A number may be given as text. Raises ValueError for a key that is not known.
        """
        for key in criteria:
            if key not in JOB:
                close = difflib.get_close_matches(key, JOB, 1)
                raise ValueError(f"jobs have no {key[:64]!a}" + (f"; did you mean {close[0]}?" if close else ""))
        keys = [*criteria, "job_id"]
        found = await self._squeue(pyslurm.fields(JOB, keys), None)
        made = [pyslurm.record(JOB, one, keys) for one in found]
        numbers = [one["job_id"] for one in made if pyslurm.matches(one, criteria)]
        return sorted(number for number in numbers if isinstance(number, int))

    async def get(self, jobs: Sequence[str]) -> dict[str, list[Facts]]:
        """Return the records of jobs, by PySlurm's keys; an array has one for each task and one for those that wait.

        A job that slurmctld does not know has none.
        """
        asked = _each_once(jobs)
        wanted = tuple(dict.fromkeys([*pyslurm.fields(JOB, JOB), *records.WHICH]))
        found = await self._squeue(wanted, asked)
        return {job: [pyslurm.record(JOB, one) for one in found if records.is_of(one, job)] for job in asked}

    async def steps(self, jobs: Sequence[str]) -> dict[str, dict[str, Facts]]:
        """Return the steps of jobs that run now, by PySlurm's keys, by job and by step: ``0``, ``batch``, ``extern``.

        Of an array, steps of its tasks are told apart by the task: ``3.0``.
        """
        asked = _each_once(jobs)
        found = await self._steps(pyslurm.fields(STEP, STEP), asked)
        shown: dict[str, dict[str, Facts]] = {job: {} for job in asked}
        for one in found:
            for job in asked:
                which = {**one, "HetJobID": "", "HetJobOffset": ""}
                if records.is_of(which, job) or one["StepID"].startswith(f"{job}."):
                    shown[job][_step_name(one, job)] = pyslurm.record(STEP, one)
        return shown

    async def order(self, jobs: Sequence[str], order: JobOrder, *, dry_run: bool = False) -> Changes:
        """Cancel, hold, release or requeue jobs."""
        foreseen = {"job_state": _EXPECTED[order]} if order in _EXPECTED else {}
        return await self._carry_out(jobs, (), lambda job: job_updates.order_command(job, order), foreseen, dry_run)

    async def update(self, jobs: Sequence[str], infos: Mapping[JobKey, str], *, dry_run: bool = False) -> Changes:
        """Change jobs: time limit, partition, priority and so on."""
        keys = tuple(_OWN_KEYS[key] for key in infos if _OWN_KEYS[key] in JOB)
        foreseen: Facts = {_OWN_KEYS[key]: text for key, text in infos.items()}
        return await self._carry_out(jobs, keys, lambda job: job_updates.update_command(job, infos), foreseen, dry_run)

    async def _carry_out(
        self,
        jobs: Sequence[str],
        keys: Sequence[str],
        words: Callable[[str], list[str]],
        foreseen: Mapping[str, Value],
        dry_run: bool,
    ) -> Changes:
        asked = _each_once(jobs)
        if len(asked) > self._administration.most:
            raise ValueError(f"{len(asked)} jobs are named; one call may touch {self._administration.most}")
        commands = {job: words(job) for job in asked}
        before = await self._facts(asked, keys)
        missing = [job for job, facts in before.items() if facts is None]
        if missing:
            raise NotFoundError(f"Slurm has no job {', '.join(missing[:10])} in its queue; nothing was done")
        if dry_run:
            return {job: _foreseen(facts, foreseen) for job, facts in before.items()}
        errors: dict[str, str] = {}
        for job, command in commands.items():
            try:
                await self._administration.ask(command)
            except SlurmRefusedError as error:
                errors[job] = error.message
        after = await self._facts(asked, keys)
        return {job: Change(before[job], after[job], before[job] != after[job], errors.get(job)) for job in asked}

    async def _facts(self, jobs: Sequence[str], keys: Sequence[str]) -> dict[str, Facts | None]:
        shown = tuple(dict.fromkeys([*_ALWAYS, *keys]))
        wanted = tuple(dict.fromkeys([*pyslurm.fields(JOB, shown), *records.WHICH]))
        found = await self._squeue(wanted, jobs)
        facts: dict[str, Facts | None] = {}
        for job in jobs:
            own = [pyslurm.record(JOB, one, shown) for one in found if records.is_of(one, job)]
            facts[job] = {key: _together([one[key] for one in own]) for key in shown} if own else None
        return facts

    async def _squeue(self, fields: Sequence[str], jobs: Sequence[str] | None) -> list[dict[str, str]]:
        mark = new_mark()
        return await self._read(records.command(jobs), fields, mark, records.environment(fields, mark))

    async def _steps(self, fields: Sequence[str], jobs: Sequence[str]) -> list[dict[str, str]]:
        mark = new_mark()
        return await self._read(records.steps_command(jobs, fields, mark), fields, mark)

    async def _read(
        self, words: Sequence[str], fields: Sequence[str], mark: str, extra: Mapping[str, str] | None = None
    ) -> list[dict[str, str]]:
        """Return the records; none if there is only one job asked for, and Slurm does not know it."""
        try:
            text = await self._administration.ask(words, extra)
        except SlurmRefusedError as error:
            if _UNKNOWN_JOB in error.message:
                return []
            raise
        return records.parse(text, fields, mark).records


def _each_once(jobs: Sequence[str]) -> list[str]:
    if not jobs:
        raise ValueError("no jobs are named")
    return list(dict.fromkeys(records.job(job) for job in jobs))


def _together(values: Sequence[Value]) -> Value:
    """Return the value that several records share, or all that there are."""
    distinct = list(dict.fromkeys(str(value) for value in values))
    return values[0] if len(distinct) == 1 else sorted(distinct)


def _foreseen(before: Facts | None, foreseen: Mapping[str, Value]) -> Change:
    after = {**(before or {}), **foreseen}
    return Change(before, after, changed=True)


def _step_name(step: Mapping[str, str], job: str) -> str:
    whole, _, name = step["StepID"].partition(".")
    task = step["ArrayTaskID"]
    is_array = task.isdigit() and job == step["ArrayJobID"] and whole != job
    return f"{task}.{name}" if is_array else name
