"""How a job ended, as it is told behind its description: Slurm's state with advice, and what its log says."""

from __future__ import annotations

from headgate.builds.jobs.log import Excerpt
from headgate.builds.jobs.results import Report
from headgate.builds.texts.outcome import details, outcome
from headgate.model.build import BuildJob, BuildResult
from headgate.model.event import JSON
from headgate.model.job import ExitStatus, Figures
from headgate.model.states import JobState, read_state
from headgate.notify.wording import size


def facts_of_figures(figures: Figures) -> dict[str, JSON]:
    """Return what is kept of accounting's figures."""
    return {
        "state": figures.state.text,
        "elapsed": figures.elapsed,
        "exit_code": figures.exit.code,
        "signal": figures.exit.signal,
        "memory_used": figures.memory_used,
    }


def after_words(job: BuildJob, result: Report | None, excerpt: Excerpt | None) -> str:
    """Return what stands behind the description in the row of a job's end; empty for one that went well."""
    reading = read_state(job.state)
    state = None if reading is None else reading.state
    figures = job.outcome.get("figures")
    known = figures if isinstance(figures, dict) else {}
    said = outcome(
        state,
        elapsed=_number(known.get("elapsed")),
        exit_status=_exit(job, known),
        memory=(size(memory) or "") if isinstance(memory := known.get("memory_used"), int) else "",
    )
    if said and result is None and state is not None and state is not JobState.COMPLETED:
        said = f"<br/>{_FAILURE}{said}"
    bad = result is None or result.status is not BuildResult.SUCCESS or bool(said)
    return said + (_shown(excerpt) if bad and excerpt is not None else "")


_FAILURE = ":cry: FAILURE"
"""The word by which a failed job is found in its row, also where its own scripts said nothing."""


def _exit(job: BuildJob, figures: dict[str, JSON]) -> ExitStatus | None:
    code = figures.get("exit_code", job.outcome.get("exit_code"))
    number = figures.get("signal", job.outcome.get("signal"))
    if not isinstance(code, int):
        return None
    return ExitStatus(code, number if isinstance(number, int) else 0)


def _number(value: JSON) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _shown(excerpt: Excerpt) -> str:
    parts = []
    if excerpt.first_error:
        parts.append(details("first error in the log", excerpt.first_error, limit=3000))
    parts.append(details("last lines of the log", excerpt.last, limit=3000 if excerpt.first_error else 6000))
    return "".join(parts)
