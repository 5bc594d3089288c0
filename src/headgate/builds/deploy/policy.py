"""Which artefacts go, and why the others do not: a function from values to values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from headgate.builds.deploy import names
from headgate.builds.deploy.names import Artefact
from headgate.builds.deploy.request import BuiltJob, DeployError, DeployRequest, DeployRow, Outcome
from headgate.config.builds import DeploySettings


@dataclass(frozen=True, slots=True)
class Candidate:
    """An artefact and the job that made it."""

    job: BuiltJob
    artefact: Artefact


@dataclass(frozen=True, slots=True)
class Choice:
    """What goes, and a row with a reason for each artefact (or job without any) that does not."""

    going: tuple[Candidate, ...]
    left: tuple[DeployRow, ...]


def choose(request: DeployRequest, settings: DeploySettings) -> Choice:
    """Return what goes by the settings' policy, in the order of jobs."""
    left: list[DeployRow] = []
    fit = list(_fit(request, settings, left))
    going = fit
    if settings.policy in ("latest", "once"):
        going = _latest([one for one in fit if _is_stamped(one, left)], left)
    if settings.policy == "once":
        gone = {(one.repository_id, names.payload(one.artefact)) for one in request.uploaded}
        going = [one for one in going if not _went(one, gone, left)]
    return Choice(tuple(_one_of_a_name(going, left)), tuple(left))


def _fit(request: DeployRequest, settings: DeploySettings, left: list[DeployRow]) -> Iterator[Candidate]:
    """Yield the artefacts of jobs that may be deployed, with names that may be used."""
    for job in sorted(request.jobs, key=lambda one: (one.number, len(one.job), one.job)):
        why = _unfit(job, request, settings)
        if not job.artefacts:
            left.append(_row(job, "", why or "the job names no artefacts"))
        for given in dict.fromkeys(job.artefacts):
            if why:
                left.append(_row(job, given, why))
                continue
            try:
                yield Candidate(job, names.read(given, settings.artefact_pattern))
            except DeployError as error:
                left.append(_row(job, given, error.message))


def _unfit(job: BuiltJob, request: DeployRequest, settings: DeploySettings) -> str:
    if settings.policy == "none":
        return "nothing is deployed here"
    if not job.succeeded:
        return "the build did not succeed"
    if job.commit != request.commit and not settings.outdated:
        return f"it was built of {job.commit[:12]}, which is not the commit that was approved"
    if job.tests_passed is None and not settings.untested:
        return "it was not tested"
    if job.tests_passed is False and not settings.untested:
        return "its tests did not pass"
    return ""


def _is_stamped(one: Candidate, left: list[DeployRow]) -> bool:
    if one.artefact.timestamp is None:
        left.append(_row(one.job, one.artefact.path, "its name has no timestamp, so nobody knows which is the latest"))
    return one.artefact.timestamp is not None


def _latest(candidates: Iterable[Candidate], left: list[DeployRow]) -> list[Candidate]:
    things: dict[tuple[str, str], list[Candidate]] = {}
    for one in candidates:
        things.setdefault((one.job.repository_id, one.artefact.payload), []).append(one)
    kept = []
    for thing in things.values():
        *older, newest = sorted(thing, key=lambda one: one.artefact.timestamp or 0)
        kept.append(newest)
        left += [_row(one.job, one.artefact.path, f"job {newest.job.job} made a newer one") for one in older]
    return kept


def _went(one: Candidate, gone: set[tuple[str, str]], left: list[DeployRow]) -> bool:
    went = (one.job.repository_id, one.artefact.payload) in gone
    if went:
        left.append(_row(one.job, one.artefact.path, "one of its kind was uploaded already"))
    return went


def _one_of_a_name(candidates: Iterable[Candidate], left: list[DeployRow]) -> list[Candidate]:
    """Two artefacts of one name would be one object: the later job's goes."""
    kept: dict[tuple[str, str], Candidate] = {}
    for one in candidates:
        other = kept.pop((one.job.repository_id, one.artefact.name), None)
        kept[one.job.repository_id, one.artefact.name] = one
        if other is not None:
            left.append(_row(other.job, other.artefact.path, f"job {one.job.job} made one of the same name"))
    return list(kept.values())


def _row(job: BuiltJob, artefact: str, reason: str) -> DeployRow:
    return DeployRow(
        job.job, job.repository_id, names.shown(artefact), Outcome.LEFT_OUT, reason=reason, number=job.number
    )
