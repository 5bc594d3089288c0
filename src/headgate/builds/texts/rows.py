"""The rows of a job's table of states: what each says, how one is written, and how they are read back. Pure.

Other programs read this table and append to it: header, dates and words are the predecessor's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from headgate.builds.texts import cells
from headgate.builds.texts.dates import date, read_date
from headgate.builds.texts.template import fill
from headgate.config.builds import BuildTexts

HEADER: Final = "|date|job status|comment|\n|----------|----------|------------------------|"
SUBMITTED: Final = "submitted"
RELEASED: Final = "released"
RECEIVED: Final = "received"
PENDING: Final = "pending"
RUNNING: Final = "running"
FINISHED: Final = "finished"
TEST_RESULT: Final = "test result"
UPLOADED: Final = "uploaded"
NOT_UPLOADED: Final = "not uploaded"
_MOST_ROWS: Final = 1000


@dataclass(frozen=True, slots=True)
class Row:
    """One row: when (seconds since the epoch), a job status, and a comment that is fit for a cell as it stands."""

    time: float
    status: str
    comment: str

    def __str__(self) -> str:
        return f"|{date(self.time)}|{self.status}|{self.comment}|"


def submitted(texts: BuildTexts, time: float, job_id: int, *, delay: int | None = None) -> Row:
    """Say that a job was submitted: held, or to begin after ``delay`` seconds."""
    if delay is None:
        return Row(time, SUBMITTED, fill(texts.awaits_release_hold_release, job_id=job_id))
    return Row(time, SUBMITTED, fill(texts.awaits_release_delayed_begin, job_id=job_id, delay_seconds=delay))


def released(texts: BuildTexts, time: float) -> Row:
    """Say that a held job was released."""
    return Row(time, RELEASED, fill(texts.awaits_launch, extra_info="").strip())


def received(texts: BuildTexts, time: float, eligible: float | None = None) -> Row:
    """Say that a job that begins later was seen in the queue, and from when it may start."""
    extra = "" if eligible is None else f" (eligible to start from {date(eligible)})"
    return Row(time, RECEIVED, fill(texts.awaits_launch, extra_info=extra).strip())


def pending(time: float, job_id: int, waited: str, reason: str) -> Row:
    """Say why a job still waits: ``waited`` is how long (``2 h``), ``reason`` Slurm's word and what it means."""
    return Row(time, PENDING, f"job `{job_id}` has waited for {cells.cell(waited)}: {cells.cell(reason)}")


def running(texts: BuildTexts, time: float, job_id: int) -> Row:
    """Say that a job runs."""
    return Row(time, RUNNING, fill(texts.running_job, job_id=job_id))


def finished(texts: BuildTexts, time: float, job_id: int, description: str | None, *, more: str = "") -> Row:
    """Say that a job is over. ``description`` is of its result file, None if there is none that can be read.

    ``more`` is appended: what ``outcome`` made.
    """
    unknown = fill(texts.job_result_unknown, filename=f"_bot_job{job_id}.result")
    return Row(time, FINISHED, (unknown if description is None else cells.description(description)) + more)


def tested(texts: BuildTexts, time: float, job_id: int, description: str | None) -> Row:
    """Say what the tests gave. ``description`` is of the test file, None if there is none that can be read."""
    unknown = fill(texts.job_test_unknown, filename=f"_bot_job{job_id}.test")
    return Row(time, TEST_RESULT, unknown if description is None else cells.description(description))


def cancelled(time: float, job_id: int) -> Row:
    """Say that a job was cancelled by a command."""
    return Row(time, FINISHED, f"job id `{job_id}` was cancelled")


def uploaded(time: float, artefact: str) -> Row:
    """Say that an artefact was uploaded."""
    return Row(time, UPLOADED, f"transfer of `{cells.code(artefact)}` to S3 bucket succeeded")


def not_uploaded(time: float, artefact: str, reason: str = "") -> Row:
    """Say that an artefact was not uploaded; ``reason`` is such as ``no bucket specified for REPO_ID``."""
    more = f" ({cells.cell(reason)})" if reason else ""
    return Row(time, NOT_UPLOADED, f"transfer of `{cells.code(artefact)}` to S3 bucket failed{more}")


def append(body: str, rows: list[Row]) -> str:
    """Return a comment with rows behind what it holds; who else wrote into it meanwhile is left as it is."""
    return "\n".join([body.rstrip("\r\n"), *(str(row) for row in rows)]) if rows else body


def read_rows(body: str) -> list[Row]:
    """Return the rows of the table in a comment, whoever wrote them; a row without a date is left out."""
    rows: list[Row] = []
    inside = False
    for line in body.splitlines():
        cleaned = line.strip()
        if cleaned == HEADER.partition("\n")[0]:
            inside = True
        elif inside and cleaned.startswith("|") and cleaned.endswith("|") and len(rows) < _MOST_ROWS:
            first, _, rest = cleaned[1:-1].partition("|")
            status, _, comment = rest.partition("|")
            time = read_date(first)
            if time is not None:
                rows.append(Row(time, status.strip(), comment.strip()))
    return rows
