"""The answer to ``bot: status``: a table of the builds of a pull request, and the state of each. Pure.

Header and words are the predecessor's; the commit is told in a column more, behind its columns.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from headgate.builds.texts import cells
from headgate.builds.texts.comment import JobComment
from headgate.builds.texts.dates import date
from headgate.builds.texts.rows import FINISHED, Row

TITLE: Final = "This is the status of all the `bot: build` commands:"
STATUS_HEADER: Final = "|on|for|repo|result|date|status|url|commit SHA|\n|----|----|----|----|----|----|----|----|"
SUCCESS: Final = "SUCCESS"
FAILURE: Final = "FAILURE"
UNKNOWN: Final = "UNKNOWN"
_SHORT_COMMIT: Final = 12
_MOST: Final = 100
"""Rows of a table."""


@dataclass(frozen=True, slots=True)
class StatusRow:
    """How one build fares. ``on`` and ``built_for`` are targets in words; ``time`` in seconds since the epoch.

    ``result`` is ``SUCCESS``, ``FAILURE``, ``UNKNOWN``, or empty as long as there is none; ``status`` a job status.
    """

    on: str
    built_for: str
    repository: str
    result: str
    time: float
    status: str
    url: str
    commit: str = ""


def status_table(rows: Iterable[StatusRow], *, last_build: bool = False) -> str:
    """Return the table, oldest first; with ``last_build``, the newest for each target and repository only.

    Of more builds than a comment can hold, the newest are shown.
    """
    shown = sorted(rows, key=lambda row: row.time)
    if last_build:
        newest = {(row.built_for, row.repository): row for row in shown}
        shown = sorted(newest.values(), key=lambda row: row.time)
    lines = [_line(row) for row in shown[-_MOST:]]
    older = [f"\n{len(shown) - _MOST} older builds are not shown."] if len(shown) > _MOST else []
    return "\n".join([TITLE, STATUS_HEADER, *lines, *older])


def status_row(comment: JobComment, url: str) -> StatusRow:
    """Return how a build fares whose comment was read back; its last row counts, and its end where there is one."""
    ended = [row for row in comment.rows if row.status == FINISHED]
    last = (ended or list(comment.rows) or [Row(0, "", "")])[-1]
    return StatusRow(
        on=_with(comment.on, comment.on_accelerator),
        built_for=_with(comment.architecture, comment.accelerator),
        repository=comment.repository,
        result=result_of(last.comment) if ended else "",
        time=last.time,
        status=last.status,
        url=url,
        commit=comment.commit,
    )


def result_of(comment: str) -> str:
    """Return the result a row of a job's end tells of: the first of the words that the predecessor looks for."""
    if f":cry: {FAILURE}" in comment:  # Headgate's own word behind a description that says nothing
        return FAILURE
    found = [(comment.index(word), word) for word in (SUCCESS, FAILURE, UNKNOWN) if word in comment]
    return min(found)[1] if found else UNKNOWN


def _with(target: str, accelerator: str) -> str:
    return f"{target}, {accelerator}" if accelerator else target


def _line(row: StatusRow) -> str:
    parts = [f"`{cells.code(part)}`" if part else "" for part in (row.on, row.built_for, row.repository)]
    commit = f"`{cells.code(row.commit)[:_SHORT_COMMIT]}`" if row.commit else ""
    at = date(row.time) if row.time else ""
    return f"|{'|'.join(parts)}|{cells.cell(row.result)}|{at}|{cells.cell(row.status)}|{row.url}|{commit}|"
