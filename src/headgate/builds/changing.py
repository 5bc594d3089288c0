"""What administrators do to builds beside the pull request: cancel, make again, do again, deploy. For every way.

Each writes into the audit log who did it; the running service sees to the rest, and says so in the pull request.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from headgate.builds.following import request_of
from headgate.builds.planning import plan_again
from headgate.errors import ConfigError, NotFoundError
from headgate.model.build import BuildJob, BuildRequest, BuildRun, RequestKind, RequestState
from headgate.store import audit, builds, journal
from headgate.store.signals import Topic
from headgate.store.store import ring


@dataclass(frozen=True, slots=True)
class By:
    """Who does it: the account, and by which way; ``why`` and ``origin`` may be empty.

    ``called``: the name of whoever has no account, such as an app.
    """

    user: str
    via: str
    now: float
    why: str = ""
    origin: str = ""
    called: str = ""

    @property
    def name(self) -> str:
        """Who is said to have done it."""
        return self.user or self.called


def cancel(connection: Connection, number: int, by: By) -> BuildJob:
    """Have a build job ended. Raises NotFoundError, and ConfigError if it is over."""
    job = _job(connection, number)
    if job.phase.over:
        raise ConfigError(f"build job {number} is over already")
    builds.note_job(connection, number, {"cancelled_by": by.name, "not_before": 0.0})
    _record(connection, by, "build cancel", f"build job {number}")
    ring(connection, Topic.BUILDS)
    return job


def retry(connection: Connection, number: int, by: By) -> BuildJob:
    """Have a build job made anew at the same commit; return the new one.

    Raises NotFoundError, and ConfigError if it is not over.
    """
    made = plan_again(connection, _job(connection, number), by.name, by.now)
    if made is None:
        raise ConfigError(f"build job {number} is not over yet; cancel it first")
    _record(connection, by, "build retry", f"build job {number}", f"as build job {made.id}")
    return made


def replay(connection: Connection, event: int, by: By) -> None:
    """Have done again what an event of a pull request asks for.

    Raises NotFoundError, and ConfigError if the event is none of a pull request.
    """
    found = journal.get(connection, event)
    if found is None:
        raise NotFoundError(f"there is no event {event}")
    request = request_of(found.event, event, by.now, key=f"replay {event} at {by.now}")
    if request is None:
        raise ConfigError(f"event {event} is none of a pull request")
    builds.add_request(connection, request)
    _record(connection, by, "build replay", f"event {event}")


def deploy(connection: Connection, run: BuildRun, by: By) -> None:
    """Have deployed what was built of a pull request, at the commit of a run.

    It is for those who may: nobody's permission at the forge is asked for.
    """
    request = BuildRequest(
        id=0,
        key=f"deploy run {run.id} at {by.now}",
        event_id=None,
        kind=RequestKind.DEPLOY,
        repository=run.repository,
        number=run.number,
        sender=by.name,
        state=RequestState.OPEN,
        not_before=by.now,
        attempts=0,
        comment_id=None,
        answer_id=None,
        data={"commit": run.head_commit},
        progress={},
        problem="",
        created_at=by.now,
        finished_at=None,
    )
    builds.add_request(connection, request)
    _record(connection, by, "build deploy", f"pull request {run.repository}#{run.number}", f"at {run.head_commit}")


def _job(connection: Connection, number: int) -> BuildJob:
    job = builds.get_job(connection, number)
    if job is None:
        raise NotFoundError(f"there is no build job {number}")
    return job


def _record(connection: Connection, by: By, action: str, subject: str, detail: str = "") -> None:
    known = (detail, f"why: {by.why}" if by.why else "", f"from {by.origin}" if by.origin else "")
    audit.record(
        connection,
        user=by.user,
        via=by.via,
        action=action,
        subject=subject,
        outcome="done",
        detail="; ".join(part for part in known if part),
        now=by.now,
    )
