"""Builds as pages show them: states in a word, columns of the matrix, rows of comments as text, checked addresses."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

from headgate.config.builds import BuildSettings
from headgate.model.build import BuildJob, BuildResult, BuildRow, BuildRun, JobPhase
from headgate.model.pull_request import Repository

_FOLDED: Final = re.compile(
    r"<details><summary>(?P<head>[^<]{0,500})</summary>(?:<pre>)?(?P<body>.*?)(?:</pre>)?</details>", re.DOTALL
)
_BREAK: Final = re.compile(r"<br ?/?>")
_TAG: Final = re.compile(r"</?[a-z][a-z0-9]{0,20}(?: [^<>]{0,200})?/?>")
_BOLD: Final = re.compile(r"\*\*([^*]{1,80})\*\*")
_PULL: Final = {"github": "pull", "gitlab": "-/merge_requests"}
_MARKS: Final = (":grin:", ":cry:", ":shrug:", "\u200b")
"""Pictures that a forge makes of words, and what keeps names from calling people there."""
_MOST_TEXT: Final = 20_000


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a row's text; with a ``head`` it is folded away behind it."""

    text: str
    head: str = ""


Column = tuple[str, str]
"""Target, and what is built for: a column of the matrix."""


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """A run, with the jobs of each column, and where its pull request is."""

    run: BuildRun
    cells: tuple[tuple[BuildJob, ...], ...]
    url: str


def matrix(
    runs: Sequence[BuildRun], jobs: Mapping[int, Sequence[BuildJob]], settings: BuildSettings
) -> tuple[list[Column], list[MatrixRow]]:
    """Return the columns there are, and a row for each run."""
    columns = sorted({column_of(job) for run in runs for job in jobs.get(run.id, ())})
    rows = []
    for run in runs:
        of_column: dict[Column, list[BuildJob]] = {}
        for job in jobs.get(run.id, ()):
            of_column.setdefault(column_of(job), []).append(job)
        cells = tuple(tuple(of_column.get(column, ())) for column in columns)
        rows.append(MatrixRow(run, cells, pull_request_url(settings, run.repository, run.number)))
    return columns, rows


def column_of(job: BuildJob) -> Column:
    """Return the column a job is in."""
    return job.target, " ".join(part for part in (job.for_architecture, job.for_accelerator) if part)


def state_of(job: BuildJob) -> str:
    """Return how a job stands, in a word that ``words.badge`` knows."""
    if job.phase is JobPhase.REFUSED:
        return "refused"
    if job.phase is not JobPhase.DONE:
        return "being cancelled" if job.cancelled_by else job.phase.value
    status = str(job.result.get("status") or BuildResult.UNKNOWN.value)
    if job.cancelled_by and status != BuildResult.SUCCESS:
        return "cancelled"
    if status == BuildResult.SUCCESS and job.result.get("test") == BuildResult.FAILURE.value:
        return "tests failed"
    return status


def is_deployable(job: BuildJob) -> bool:
    """Whether a job left something that a deployment may take."""
    return job.phase is JobPhase.DONE and state_of(job) == BuildResult.SUCCESS and bool(job.result.get("artefacts"))


def pieces(row: BuildRow) -> list[Piece]:
    """Return a row's text, which is written for a forge, as text for a page: what is folded there is folded here."""
    text, at = row.text[:_MOST_TEXT], 0
    found: list[Piece | None] = []
    for match in _FOLDED.finditer(text):
        found += [Piece(said) if (said := _said(text[at : match.start()])) else None]
        found += [Piece(kept, html.unescape(match["head"])) if (kept := _plain(match["body"])) else None]
        at = match.end()
    rest = _said(text[at:])
    return [one for one in (*found, Piece(rest) if rest else None) if one is not None]


def pull_request_url(settings: BuildSettings, repository: Repository, number: int) -> str:
    """Return where a pull request is; empty if its forge is not in the configuration any more."""
    forge = settings.forges.get(repository.forge)
    if forge is None:
        return ""
    return web_url(f"{forge.url.rstrip('/')}/{quote(repository.path)}/{_PULL[forge.kind]}/{number}")


def web_url(text: str) -> str:
    """Return an address that a page may link to, http or https; empty for anything else."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    fine = parts.scheme in ("http", "https") and parts.hostname and text.isprintable() and " " not in text
    return text if fine else ""


def _said(text: str) -> str:
    """Return a sentence of ours without Markdown's marks."""
    return _BOLD.sub(r"\1", _plain(text)).replace("`", "")


def _plain(text: str) -> str:
    shown = html.unescape(_TAG.sub("", _BREAK.sub("\n", text)))
    for mark in _MARKS:
        shown = shown.replace(mark, "")
    return shown.strip()
