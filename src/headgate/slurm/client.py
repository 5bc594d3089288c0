"""What can be asked of Slurm. Each question is one command, however many jobs it is about."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

import structlog

from headgate.config.slurm import SlurmSettings
from headgate.errors import SlurmCommandError, SlurmOutputError
from headgate.model.job import Figures, QueuedJob
from headgate.model.node import Node
from headgate.model.node_outage import NodeOutage
from headgate.slurm import process
from headgate.slurm.commands import (
    by_directory,
    node_events,
    nodes,
    partitions,
    ping,
    sacct,
    scancel,
    scontrol,
    sdiag,
    squeue,
)
from headgate.slurm.commands.marks import new_mark
from headgate.slurm.commands.node_updates import hostlist
from headgate.slurm.commands.scontrol import MailSettings

_log = structlog.get_logger(__name__)

_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_DEFAULT_BIN: Final = Path("/usr/bin")
_MAX_COMPLAINT: Final = 300
"""Characters of a command's complaint that are passed on."""
_MAX_WARNINGS: Final = 100
"""Distinct warnings that are remembered as told; later ones are not told."""
_MAX_SINGLE_QUESTIONS: Final = 16
"""Doubtful jobs that one call asks for one by one."""
_LOT: Final = secrets.SystemRandom()


def directory_of(settings: SlurmSettings) -> Path:
    """Return where Slurm's commands are."""
    return settings.bin or _DEFAULT_BIN


class SlurmClient:
    """Asks Slurm's commands.

    Every method raises SlurmCommandError when the command fails, is missing or does not end in time, and
    SlurmOutputError when its answer cannot be read at all. A single record that cannot be read is left out, counted
    and logged. It sees what its account may see: with ``PrivateData`` in slurm.conf that account must be an operator.
    """

    def __init__(self, settings: SlurmSettings) -> None:
        self._settings = settings
        self._bin = directory_of(settings)
        self._cluster = settings.cluster
        self._asking_cluster = asyncio.Lock()
        self._warned: set[str] = set()
        self.calls: dict[str, int] = {}
        """How often each command was run."""
        self.refused = 0
        """Records that could not be read, over all calls."""

    async def cluster_name(self) -> str:
        """Return the cluster's name; asks Slurm once, unless the settings name it."""
        async with self._asking_cluster:
            if not self._cluster:
                answer = await self._run(scontrol.show_config_command(), timeout=self._settings.timeout)
                name = scontrol.parse_cluster_name(answer)
                if name is None:
                    raise SlurmOutputError("scontrol show config names no cluster")
                self._cluster = name
        return self._cluster

    async def controller_started(self) -> float | None:
        """Return when slurmctld was started, by one scontrol; None if it does not say so in seconds."""
        answer = await self._run(scontrol.show_config_command(), timeout=self._settings.timeout)
        return scontrol.parse_boot_time(answer)

    async def accounting_backlog(self) -> int:
        """Return how many records slurmctld still has to tell slurmdbd, by one sdiag; 0 if it does not say."""
        return sdiag.parse_backlog(await self._run(sdiag.command(), timeout=self._settings.timeout)) or 0

    async def queue(self) -> list[QueuedJob]:
        """Return all jobs slurmctld knows, in all states and partitions, by one squeue.

        A job stays for MinJobAge (300 s by default) after its end. A pending array is one record for all the tasks
        that have not been split off.
        """
        cluster, mark = await self.cluster_name(), new_mark()
        text = await self._run(squeue.command(), squeue.environment(mark), timeout=self._settings.timeout)
        queue = squeue.parse(text, mark, cluster=cluster)
        self._refuse("squeue", queue.refused, len(queue.jobs))
        return queue.jobs

    async def queue_on(self, hosts: Sequence[str]) -> list[QueuedJob]:
        """Return the jobs that are on these nodes now, by one squeue. Raises ValueError for what is no hostlist."""
        cluster, mark = await self.cluster_name(), new_mark()
        text = await self._run(
            squeue.command_on(hostlist(hosts)), squeue.environment(mark), timeout=self._settings.timeout
        )
        queue = squeue.parse(text, mark, cluster=cluster)
        self._refuse("squeue", queue.refused, len(queue.jobs))
        return queue.jobs

    async def mail_settings(self, known: Collection[int] | None = None) -> dict[int, MailSettings]:
        """Return the mail settings of all jobs slurmctld knows, by raw job id, by one scontrol.

        ``known`` are the ids of jobs that exist (from ``queue``); others are left out. Jobs about which the answer
        says two things, because a name or comment holds what looks like a record, are asked for one by one, a few a
        call; a job that is not in the answer is unknown, which is not "no mail".
        """
        text = await self._run(scontrol.show_jobs_command(), timeout=self._settings.timeout)
        answer = scontrol.parse_mail_settings(text, known=known)
        settings = dict(answer.settings)
        doubtful = sorted(answer.doubtful)
        if doubtful:
            _log.warning("slurm.doubtful_jobs", count=len(doubtful), first=doubtful[:_MAX_SINGLE_QUESTIONS])
        # By lot, so that a flood of forged claims delays answers and withholds none for ever.
        for job_id in _LOT.sample(doubtful, min(len(doubtful), _MAX_SINGLE_QUESTIONS)):
            try:
                single = await self._run(scontrol.show_job_command(job_id), timeout=self._settings.timeout)
            except SlurmCommandError:
                continue  # the job is gone: then it was never there, or has just left
            read = scontrol.parse_mail_settings_of_one(single)
            if read is not None:
                settings[job_id] = read
        return settings

    async def nodes(self) -> list[Node]:
        """Return all nodes slurmctld knows, but for those that are still FUTURE, by one scontrol.

        Nodes about which the answer says two things, because a comment holds what looks like a record, are asked for
        one by one, a few a call; one that cannot be asked about is left out, which is not "gone".
        """
        text = await self._run(nodes.command(), timeout=self._settings.timeout)
        answer = await asyncio.to_thread(nodes.parse, text)  # of thousands that takes a good part of a second
        read = {node.name: node for node in answer.nodes}
        doubtful = sorted(answer.doubtful)
        if doubtful:
            _log.warning("slurm.doubtful_nodes", count=len(doubtful), first=doubtful[:_MAX_SINGLE_QUESTIONS])
        for name in _LOT.sample(doubtful, min(len(doubtful), _MAX_SINGLE_QUESTIONS)):
            try:
                single = await self._run(nodes.one_command(name), timeout=self._settings.timeout)
            except SlurmCommandError:
                continue  # no such node: a comment made it up
            node = nodes.parse_one(single)
            if node is not None:
                read[name] = node
        self._refuse("scontrol", answer.refused, len(read))
        return [read[name] for name in sorted(read)]

    async def node_outages(self, since: float) -> list[NodeOutage]:
        """Return what slurmdbd knows of nodes out of service that still are, or were since a time, by one sacctmgr.

        Raises SlurmError that is not transient where the cluster has no slurmdbd.
        """
        try:
            text = await self._run(
                node_events.command(since), node_events.environment(), timeout=self._settings.accounting_timeout
            )
        except SlurmCommandError as error:
            if node_events.says_no_accounting(error.message):
                raise SlurmCommandError("this cluster has no slurmdbd", transient=False) from error
            raise
        answer = node_events.parse(text)
        self._refuse("sacctmgr", answer.refused, len(answer.outages))
        return answer.outages

    async def partitions(self) -> dict[str, dict[str, str]]:
        """Return all partitions by name, as scontrol shows them, by one scontrol."""
        return partitions.parse(await self.run(partitions.show_command()))

    async def controllers(self) -> dict[str, bool]:
        """Return host -> whether the slurmctld there answers, primary first; empty if that cannot be told."""
        answer = await self.answer(ping.command())  # its exit code says that one is down, which is an answer
        return {controller.host: controller.up for controller in ping.parse(answer.stdout)}

    async def accounting(self, ids: Sequence[int], *, since: float | None = None) -> list[Figures]:
        """Return what accounting says of these jobs, by one sacct: one value an attempt, requeued ones too.

        An array's id gives all its tasks. ``since`` leaves out attempts that ended before it (job ids are used
        again). A job that is not in the answer is not in accounting yet, or never was.
        """
        if not ids:
            return []
        cluster, mark = await self.cluster_name(), new_mark()
        text = await self._account(sacct.command_for_jobs(ids, mark, since=since))
        return self._accounts(sacct.parse(text, mark, cluster=cluster))

    async def accounting_between(self, since: float, until: float) -> list[Figures]:
        """Return every attempt that ended in this window, by one sacct, without the figures of its steps."""
        cluster, mark = await self.cluster_name(), new_mark()
        text = await self._account(sacct.command_for_window(since, until, mark))
        return self._accounts(sacct.parse(text, mark, cluster=cluster, with_steps=False))

    async def find_by_directory(self, user: str, directory: str, since: float) -> list[tuple[str, int]]:
        """Return the jobs (id, submit time) that a user submitted in a directory since a time, oldest first.

        slurmctld is asked, and accounting if slurmctld knows none. Of an array there is only its own id.
        """
        text = await self._run(by_directory.queue_command(user), timeout=self._settings.timeout)
        found = by_directory.read_queue(text, directory, since)
        if not found:
            text = await self._account(by_directory.accounting_command(user, since))
            found = by_directory.read_accounting(text, directory, since)
        return found

    async def cancel(self, job: str, owner: str) -> str | None:
        """Ask Slurm to end a job (``123``, ``123_4``) of this user; return None, or in plain words why it refused.

        A job of anybody else stays as it is, without a word: job ids are used again. Raises ValueError for what names
        no job or no user.
        """
        words, array = scancel.command(job, owner), scancel.array_of(job)
        try:
            if array is not None and not await self._owns(owner, array):
                return scancel.GONE
            await self._run(words, timeout=self._settings.timeout)
        except SlurmCommandError as error:
            refused = scancel.refusal(error.message)
            if refused is None:
                raise
            return refused
        return None

    async def run(
        self, words: Sequence[str], extra: Mapping[str, str] | None = None, *, account: process.Account | None = None
    ) -> str:
        """Run one command that ``headgate.slurm.commands`` made, and return what it printed.

        ``extra``: more variables of its environment. ``account``: run it as this account.
        """
        return self._believed(words[0], await self.answer(words, extra, account=account))

    async def answer(
        self, words: Sequence[str], extra: Mapping[str, str] | None = None, *, account: process.Account | None = None
    ) -> process.Answer:
        """Run one command and return all it said, also if it failed."""
        return await self._ask(words, extra, timeout=self._settings.timeout, account=account)

    async def _owns(self, owner: str, array: str) -> bool:
        """Ask slurmctld whether an array that it knows is this user's."""
        mark = new_mark()
        words = [*squeue.command(), f"--jobs={array}"]
        text = await self._run(words, squeue.environment(mark), timeout=self._settings.timeout)
        queue = squeue.parse(text, mark, cluster=self._cluster)
        return bool(queue.jobs) and not queue.refused and all(job.user == owner for job in queue.jobs)

    async def _account(self, words: Sequence[str]) -> str:
        return await self._run(words, sacct.environment(), timeout=self._settings.accounting_timeout)

    def _accounts(self, accounts: sacct.Accounts) -> list[Figures]:
        self._refuse("sacct", accounts.refused, len(accounts.figures))
        return accounts.figures

    async def _run(
        self,
        words: Sequence[str],
        extra: Mapping[str, str] | None = None,
        *,
        timeout: float,  # noqa: ASYNC109 - handed on to the process, whose group it kills
    ) -> str:
        """Run one command and return its output, if it may be believed."""
        return self._believed(words[0], await self._ask(words, extra, timeout=timeout))

    async def _ask(
        self,
        words: Sequence[str],
        extra: Mapping[str, str] | None,
        *,
        timeout: float,  # noqa: ASYNC109 - handed on to the process, whose group it kills
        account: process.Account | None = None,
    ) -> process.Answer:
        name, *arguments = words
        self.calls[name] = self.calls.get(name, 0) + 1
        return await process.run(
            [self._bin / name, *arguments],
            env={**self._environment(), **(extra or {})},
            timeout=timeout,
            stdout_limit=self._settings.output_limit,
            account=account,
        )

    def _believed(self, name: str, answer: process.Answer) -> str:
        """Return what a command printed, if it may be believed."""
        if answer.code != 0:
            # What a failing sacct or squeue printed before it failed is not the whole answer, and jobs missing
            # from it would count as gone: nothing of it is used.
            raise SlurmCommandError(_complaint(name, answer))
        if not answer.stdout.strip() and "error:" in answer.stderr:
            # Every failure of 20.11 and 22.05 that was tried ends non-zero. Should one not, an empty answer would
            # say that all jobs are gone; waiting for the next one is the smaller mistake.
            raise SlurmCommandError(_complaint(name, answer))
        self._warn(name, answer.stderr)
        return answer.stdout

    def _environment(self) -> dict[str, str]:
        conf = self._settings.conf
        return {
            "PATH": _PATH,
            "LC_ALL": "C",
            "SLURM_TIME_FORMAT": "%s",
            **({} if conf is None else {"SLURM_CONF": str(conf)}),
        }

    def _warn(self, name: str, stderr: str) -> None:
        """Log what a successful command complained about, once for each distinct text."""
        text = _first_line(stderr)
        if text and text not in self._warned and len(self._warned) < _MAX_WARNINGS:
            self._warned.add(text)
            _log.warning("slurm.warning", command=name, text=text)

    def _refuse(self, name: str, refused: int, read: int) -> None:
        """Count and log records that could not be read; refuse an answer in which there is nothing else."""
        self.refused += refused
        if refused and not read:
            raise SlurmOutputError(f"nothing in the answer of {name} can be read")
        if refused:
            _log.warning("slurm.records_refused", command=name, refused=refused, read=read)


def _complaint(name: str, answer: process.Answer) -> str:
    """Say in one line how a command failed."""
    ended = f"exit code {answer.code}" if answer.code >= 0 else f"signal {-answer.code}"
    text = _first_line(answer.stderr)
    return f"{name} failed ({ended}): {text}" if text else f"{name} failed ({ended})"


def _first_line(stderr: str) -> str:
    line = next((line.strip() for line in stderr.splitlines() if line.strip()), "")
    printable = "".join(character if character.isprintable() else "?" for character in line)
    return printable if len(printable) <= _MAX_COMPLAINT else printable[: _MAX_COMPLAINT - 1] + "…"
