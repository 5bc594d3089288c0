"""What Slurm knows of a job's end, in words for a cell: the state, what it means, what to do, and the log. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from headgate.builds.texts import cells
from headgate.model.durations import show_duration
from headgate.model.job import ExitStatus
from headgate.model.states import JobState

_ADVICE: Final = {
    JobState.TIMEOUT: "it reached its time limit; ask for more with `submitargs:--time=…` where this is allowed, or "
    "have less built at a time",
    JobState.OUT_OF_MEMORY: "it used more memory than it had; ask for more with `submitargs:--mem=…` where this is "
    "allowed, or have less built at a time",
    JobState.CANCELLED: "somebody cancelled it; `bot: retry` makes it again",
    JobState.NODE_FAIL: "its node failed, which says nothing about the build; `bot: retry` makes it again",
    JobState.PREEMPTED: "it had to give way to another job; `bot: retry` makes it again",
    JobState.BOOT_FAIL: "its node did not boot, which says nothing about the build; `bot: retry` makes it again",
    JobState.DEADLINE: "it was ended at its deadline; `bot: retry` makes it again",
    JobState.FAILED: "its script failed; the end of its log says more",
}
_REASONS: Final = {
    "AssocGrpCpuLimit": "its account has used its share of cores",
    "AssocMaxJobsLimit": "its account may have no more jobs running",
    "BadConstraints": "no node has what it asks for",
    "DependencyNeverSatisfied": "a job it depends on failed",
    "JobHeldAdmin": "an administrator holds it",
    "JobHeldUser": "it is held",
    "launch failed requeued held": "its launch failed, and it is held",
    "PartitionDown": "its partition is down",
    "PartitionTimeLimit": "it asks for more time than its partition gives",
    "Priority": "jobs with a higher priority wait, too",
    "QOSMaxJobsPerUserLimit": "its user may have no more jobs running",
    "ReqNodeNotAvail": "a node it needs is not available",
    "Reservation": "it waits for its reservation",
    "Resources": "it waits for nodes to become free",
}


def outcome(
    state: JobState | None, *, elapsed: float | None = None, exit_status: ExitStatus | None = None, memory: str = ""
) -> str:
    """Return what is appended to the row of a job that did not end well; empty for one that did.

    ``elapsed`` in seconds; ``memory`` is the most it used, in words.
    """
    if state is None or state is JobState.COMPLETED:
        return ""
    facts = []
    if elapsed is not None:
        facts.append(f"after {show_duration(elapsed)}")
    if exit_status is not None and (exit_status.code or exit_status.signal):
        facts.append(f"signal {exit_status.signal}" if exit_status.signal else f"exit code {exit_status.code}")
    if memory:
        facts.append(f"{cells.cell(memory)} of memory")
    advice = _ADVICE.get(state, "")
    return (
        f"<br/>Slurm: **{state.text}**{' (' + ', '.join(facts) + ')' if facts else ''}{': ' + advice if advice else ''}"
    )


def details(summary: str, lines: Sequence[str], *, limit: int = 4000) -> str:
    """Return lines of a log, redacted already, behind a triangle; empty if there are none."""
    if not lines:
        return ""
    return f"<details><summary>{cells.cell(summary)}</summary>{cells.block(lines, limit=limit)}</details>"


def reason(word: str) -> str:
    """Return why a job waits, in Slurm's word and in ours where there are any: ``Resources: it waits for …``."""
    known = _REASONS.get(word.partition(",")[0].strip(" ()"), "")
    return f"{word}: {known}" if known else word
