"""A job's comment: what stands above its table, and how that is read back. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from headgate.builds.texts import cells
from headgate.builds.texts.rows import HEADER, Row, append, read_rows
from headgate.builds.texts.template import fill, pattern
from headgate.config.builds import BuildTexts

_LONGEST: Final = 2000
"""Characters of a line that is read back."""
_HEAD: Final = 20
"""Lines above the table that are looked at."""


@dataclass(frozen=True, slots=True)
class JobFacts:
    """What a job's comment says above its table.

    ``on_architecture`` and ``architecture`` are whole, as in ``x86_64/amd/zen2``; ``symlink`` is the path of the job.
    """

    instance: str
    repository: str
    on_architecture: str
    on_accelerator: str
    architecture: str
    accelerator: str
    symlink: str
    commit: str


@dataclass(frozen=True, slots=True)
class JobComment:
    """A job's comment, as it was read back; what could not be found in it is empty."""

    instance: str
    repository: str
    on: str
    on_accelerator: str
    architecture: str
    accelerator: str
    symlink: str
    commit: str
    rows: tuple[Row, ...]


def job_header(texts: BuildTexts, facts: JobFacts) -> str:
    """Return the lines above the table, by which a comment can be found again."""
    parts = facts.on_architecture.split("/")
    lines = [
        fill(
            texts.new_job_instance_repo,
            app_name=cells.code(facts.instance),
            repo_id=cells.code(facts.repository),
        ),
        fill(
            texts.build_on_arch,
            on_arch=cells.code("-".join(parts[1:] or parts)),
            on_accelerator=_accelerator(texts, facts.on_accelerator),
        ),
        fill(
            texts.build_for_arch,
            for_arch=cells.code(facts.architecture),
            for_accelerator=_accelerator(texts, facts.accelerator),
        ),
        fill(texts.jobdir, symlink=cells.code(facts.symlink, _LONGEST)),
        fill(texts.commit_sha, commit_sha=cells.code(facts.commit)),
    ]
    return "\n".join(lines)


def job_comment(texts: BuildTexts, facts: JobFacts, rows: list[Row]) -> str:
    """Return a job's new comment."""
    return append(f"{job_header(texts, facts)}\n{HEADER}", rows)


def read_job_comment(texts: BuildTexts, body: str) -> JobComment | None:
    """Return what a job's comment says, whichever instance wrote it; None if it is none.

    It is read by this instance's texts: another's have to be the same.
    """
    found: dict[str, str] = {}
    head = [line.strip() for line in body.split(HEADER.partition("\n")[0], 1)[0].splitlines()[:_HEAD]]
    for template in (
        texts.new_job_instance_repo,
        texts.build_on_arch,
        texts.build_for_arch,
        texts.jobdir,
        texts.commit_sha,
    ):
        for line in head:
            read = pattern(template.strip()).fullmatch(line) if len(line) <= _LONGEST else None
            if read:
                found.update(read.groupdict())
                break
    if "repo_id" not in found or HEADER.partition("\n")[0] not in body:
        return None
    return JobComment(
        instance=found.get("app_name", ""),
        repository=found["repo_id"],
        on=found.get("on_arch", ""),
        on_accelerator=_read_accelerator(texts, found.get("on_accelerator", "")),
        architecture=found.get("for_arch", ""),
        accelerator=_read_accelerator(texts, found.get("for_accelerator", "")),
        symlink=found.get("symlink", ""),
        commit=found.get("commit_sha", ""),
        rows=tuple(read_rows(body)),
    )


def _accelerator(texts: BuildTexts, accelerator: str) -> str:
    return fill(texts.with_accelerator, accelerator=cells.code(accelerator)) if accelerator else ""


def _read_accelerator(texts: BuildTexts, text: str) -> str:
    read = pattern(texts.with_accelerator).fullmatch(text)
    return read.groupdict().get("accelerator", "") if read else ""
