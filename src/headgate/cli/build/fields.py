"""Build jobs as rows and as JSON."""

from __future__ import annotations

from dataclasses import asdict

from headgate.cli.output import moment
from headgate.model.build import BuildJob

COLUMNS = ("ID", "BEGUN", "PULL REQUEST", "TARGET", "FOR", "REPOSITORY", "JOB", "PHASE", "RESULT", "WHY")


def as_row(one: BuildJob) -> tuple[object, ...]:
    """Return a job as a table's row."""
    built_for = one.for_architecture + (f" {one.for_accelerator}" if one.for_accelerator else "")
    return (
        one.id,
        moment(one.created_at),
        f"{one.repository}#{one.number}",
        one.target,
        built_for,
        one.repo_id,
        one.job_id,
        one.phase.value,
        result_of(one) or None,
        one.problem.partition("\n")[0] or None,
    )


def result_of(one: BuildJob) -> str:
    """Return what came of it, in a few words."""
    told = [str(one.result.get("status") or "")]
    if one.result.get("test"):
        told.append(f"tests {one.result['test']}")
    return ", ".join(part for part in told if part)


def as_json(one: BuildJob) -> dict[str, object]:
    """Return a job as JSON."""
    shown = asdict(one)
    shown["repository"], shown["forge"] = one.repository.path, one.repository.forge
    shown["phase"], shown["directory"] = one.phase.value, one.directory
    return shown
