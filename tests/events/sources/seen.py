"""Jobs as the queue and accounting show them, and a cluster that answers what a test tells it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

from headgate.errors import SlurmCommandError
from headgate.events.sources.lost_mail import Wish
from headgate.model.job import ArrayPlace, Attempt, ExitStatus, Figures, QueuedJob
from headgate.model.states import JobState

CLUSTER = "c"


def queued(
    job_id: int = 7, state: JobState | None = JobState.PENDING, *, submitted: int = 1000, **more: Any
) -> QueuedJob:
    """Return a record of the queue; a job that runs or ran has a node."""
    ran = state is not None and state is not JobState.PENDING
    values: dict[str, Any] = {
        "completing": False,
        "user": "ada",
        "uid": 1000,
        "name": "align",
        "account": "bio",
        "partition": "batch",
        "qos": "normal",
        "reason": "",
        "nodes": "n1" if ran else "",
        "started": 1100.0 if ran else None,
        "ended": 1200.0 if state is not None and state.terminal else None,
        "exit": ExitStatus(0) if state is not None and state.terminal else None,
        **more,
    }
    return QueuedJob(attempt=Attempt(CLUSTER, job_id, submitted), state=state, **values)


def task(index: int | None, job_id: int, state: JobState = JobState.PENDING, **more: Any) -> QueuedJob:
    """Return a record of array 100: one task, or (None) those that wait."""
    return queued(job_id, state, array=ArrayPlace(100, index, "" if index is not None else "0-9"), **more)


def accounted(job_id: int = 7, state: JobState = JobState.COMPLETED, *, submitted: int = 1000, **more: Any) -> Figures:
    """Return what accounting says of an attempt that ran from 1100 to 1200."""
    values: dict[str, Any] = {
        "label": str(job_id),
        "name": "align",
        "user": "ada",
        "account": "bio",
        "partition": "batch",
        "qos": "normal",
        "cancelled_by": None,
        "exit": ExitStatus(0),
        "started": 1100.0,
        "ended": 1200.0 if state.terminal else None,
        "elapsed": 100,
        "time_limit": 3600,
        "nodes": "n1",
        "node_count": 1,
        "cpus": 1,
        "cpu_used": 90.0,
        "memory_asked": 1 << 30,
        "memory_used": 1 << 29,
        "steps": 1,
        "complete": state.terminal,
        **more,
    }
    return Figures(attempt=Attempt(CLUSTER, job_id, submitted), state=state, **values)


class ToldCluster:
    """Answers the watcher's questions with what it was told, and counts them."""

    def __init__(self) -> None:
        self.jobs: list[QueuedJob] = []
        self.accounts: list[Figures] = []
        self.wishes: dict[int, Wish] = {}
        self.calls: Counter[str] = Counter()
        self.asked_ids: list[list[int]] = []
        self.asked_between: list[tuple[float, float]] = []
        self.failing: dict[str, int] = {}
        """Question -> how many more times it fails."""
        self.delay = 0.0
        self.started: float | None = 500.0
        self.backlog = 0

    async def cluster_name(self) -> str:
        self._asked("cluster_name")
        return CLUSTER

    async def controller_started(self) -> float | None:
        self._asked("controller_started")
        return self.started

    async def accounting_backlog(self) -> int:
        self._asked("accounting_backlog")
        return self.backlog

    async def queue(self) -> list[QueuedJob]:
        self._asked("queue")
        await asyncio.sleep(self.delay)
        return list(self.jobs)

    async def mail_wishes(self) -> dict[int, Wish]:
        self._asked("mail_wishes")
        return dict(self.wishes)

    async def accounting(self, ids: Sequence[int], since: float) -> list[Figures]:
        del since
        self._asked("accounting")
        self.asked_ids.append(list(ids))
        return [figures for figures in self.accounts if figures.attempt.job_id in ids]

    async def accounting_between(self, since: float, until: float) -> list[Figures]:
        self._asked("accounting_between")
        self.asked_between.append((since, until))
        return [figures for figures in self.accounts if figures.ended is not None]

    def _asked(self, question: str) -> None:
        self.calls[question] += 1
        if self.failing.get(question, 0):
            self.failing[question] -= 1
            raise SlurmCommandError(f"{question}: Unable to contact slurm controller")
