"""Fake Slurm commands: a directory of small scripts that answer, complain, fail or hang.

They print what the real commands would, in the format Headgate asks for, from values that a test hands over::

    fake = FakeSlurm(tmp_path)
    fake.has_queue([job])
    client = SlurmClient(fake.settings())
    assert await client.queue() == [job]
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from headgate.config.slurm import SlurmSettings
from headgate.model.durations import slurm_duration
from headgate.model.job import ArrayPlace, Figures, QueuedJob
from headgate.model.states import JobState

_STAND_IN: Final = "\x1f"
"""Stands for the mark in the answers kept on disk; the scripts put the call's mark in its place."""
_SCRIPT: Final = """\
#!/bin/sh
printf '%s\\n' "$*" >>{log}
mark=${{SQUEUE_FORMAT2##*:}}
mark=${{mark%/}}
for word in "$@"; do case $word in --delimiter=*) mark=${{word#--delimiter=}} ;; esac; done
cat {stderr} >&2
sed "s/\x1f/$mark/g" {stdout}
exit {code}
"""
_HANGING: Final = """\
#!/bin/sh
printf '%s\\n' "$*" >>{log}
sleep 600 &
echo $$ $! >{pids}
wait
"""


class FakeSlurm:
    """A directory with fake commands. Commands that were not set up are missing."""

    def __init__(self, directory: Path, *, cluster: str = "fake") -> None:
        """Make the directory's scripts; the cluster's name is what ``scontrol show config`` says."""
        self.bin = directory / "bin"
        self._data = directory / "answers"
        self.bin.mkdir(parents=True)
        self._data.mkdir()
        self.cluster = cluster

    def settings(self, *, timeout: float = 30, accounting_timeout: float = 30) -> SlurmSettings:
        """Return settings that use these commands; time-outs in seconds."""
        return SlurmSettings(bin=self.bin, cluster=self.cluster, timeout=timeout, accounting_timeout=accounting_timeout)

    def says(self, command: str, stdout: str = "", *, stderr: str = "", code: int = 0) -> None:
        """Let a command print this and exit so; U+001F in ``stdout`` becomes the mark of the call."""
        out, err = self._data / f"{command}.out", self._data / f"{command}.err"
        out.write_text(stdout, encoding="utf-8", errors="surrogateescape")
        err.write_text(stderr, encoding="utf-8")
        self._script(command, _SCRIPT.format(**self._paths(command), code=code))

    def hangs(self, command: str) -> None:
        """Let a command and a child of it hang; ``hanging`` tells their process ids."""
        self._script(command, _HANGING.format(**self._paths(command)))

    def has_queue(self, jobs: Iterable[QueuedJob], *, stderr: str = "") -> None:
        """Let squeue list these jobs."""
        self.says("squeue", squeue_text(jobs, _STAND_IN), stderr=stderr)

    def has_accounts(self, figures: Iterable[Figures], *, stderr: str = "") -> None:
        """Let sacct give these figures, whatever it is asked for."""
        self.says("sacct", sacct_text(figures, _STAND_IN), stderr=stderr)

    def calls(self, command: str) -> list[str]:
        """Return the arguments of each call so far, joined by blanks."""
        log = self._data / f"{command}.log"
        return log.read_text(encoding="utf-8").splitlines() if log.exists() else []

    def hanging(self, command: str) -> tuple[int, int] | None:
        """Return the process ids of a hanging command and of its child, once it hangs."""
        path = self._data / f"{command}.pids"
        words = path.read_text(encoding="ascii").split() if path.exists() else []
        return (int(words[0]), int(words[1])) if len(words) == 2 else None  # noqa: PLR2004 - half written

    def _paths(self, command: str) -> dict[str, str]:
        return {
            name: shlex.quote(str(self._data / f"{command}.{ending}"))
            for name, ending in (("stdout", "out"), ("stderr", "err"), ("log", "log"), ("pids", "pids"))
        }

    def _script(self, command: str, text: str) -> None:
        path = self.bin / command
        path.unlink(missing_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)


def squeue_text(jobs: Iterable[QueuedJob], mark: str) -> str:
    """Write jobs the way squeue prints them for Headgate."""
    return "".join(mark.join(_squeue_fields(job)) + f"{mark}/\n" for job in jobs)


def sacct_text(figures: Iterable[Figures], mark: str) -> str:
    """Write figures the way sacct prints them for Headgate: a job's record and one of its batch step, if it started."""
    return "".join(
        mark.join(fields) + "\n"
        for one in figures
        for fields in ([_job_fields(one), _step_fields(one)] if one.steps else [_job_fields(one)])
    )


def _squeue_fields(job: QueuedJob) -> Sequence[str]:
    place, het = job.array, job.het
    status = "0" if job.exit is None else str(job.exit.code << 8 | job.exit.signal)
    return (
        str(job.attempt.job_id),
        str(place.array_id if place else job.attempt.job_id),
        _task(place),
        str(het.leader_id) if het else "N/A",
        str(het.offset) if het else "N/A",
        "COMPLETING" if job.completing or job.state is None else job.state.text,
        job.user,
        str(job.uid),
        str(job.attempt.submitted),
        _moment(job.started, "N/A"),
        _moment(job.ended, "N/A"),
        str(job.restarts),
        status,
        "UNLIMITED" if job.time_limit is None else slurm_duration(job.time_limit),
        job.reason or "None",
        job.account or "(null)",
        job.partition,
        job.qos or "N/A",
        job.nodes,
        job.name,
    )


def _job_fields(figures: Figures) -> Sequence[str]:
    state = figures.state.text
    if figures.requeued:
        state = "REQUEUED"
    elif figures.state is JobState.CANCELLED and figures.cancelled_by is not None:
        state = f"CANCELLED by {figures.cancelled_by}"
    job_id = str(figures.attempt.job_id)
    limit = "Partition_Limit" if figures.time_limit is None else str(figures.time_limit // 60)
    special = "".join(f",{name}={amount}" for name, amount in figures.tres.items())
    return (
        job_id,
        figures.label,
        str(figures.attempt.submitted),
        _moment(figures.started, "Unknown"),
        _moment(figures.ended, "Unknown"),
        state,
        f"{figures.exit.code}:{figures.exit.signal}",
        str(figures.elapsed),
        limit,
        str(figures.node_count),
        str(figures.cpus),
        str(figures.cpus),
        "00:00:00" if figures.cpu_used is None else slurm_duration(figures.cpu_used),
        "0" if figures.memory_asked is None else f"{figures.memory_asked}B",
        "",
        "",
        "",
        f"billing=1,cpu={figures.cpus},node={figures.node_count}{special}",
        figures.user,
        figures.account,
        figures.partition,
        figures.qos,
        figures.nodes or "None assigned",
        figures.name,
        figures.work_dir,
        figures.comment,
        job_id,
    )


def _step_fields(figures: Figures) -> Sequence[str]:
    fields = list(_job_fields(figures))
    step_id = f"{figures.attempt.job_id}.batch"
    fields[0] = fields[-1] = step_id
    fields[1] = f"{figures.label}.batch"
    fields[14] = _usage(
        figures.cpu_used is not None, energy=0, mem=figures.memory_used, **{"fs/disk": figures.disk_read}
    )
    fields[15] = fields[14]
    fields[16] = _usage(figures.cpu_used is not None, energy=0, **{"fs/disk": figures.disk_written})
    fields[18:22] = ["", figures.account, "", ""]
    fields[23:26] = ["batch", "", ""]
    return fields


def _usage(told: bool, **amounts: int | None) -> str:
    return ",".join(f"{name}={amount}" for name, amount in amounts.items() if amount is not None) if told else ""


def _task(place: ArrayPlace | None) -> str:
    if place is None:
        return "N/A"
    return place.tasks if place.task is None else str(place.task)


def _moment(seconds: float | None, otherwise: str) -> str:
    return otherwise if seconds is None else str(int(seconds))
