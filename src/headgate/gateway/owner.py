"""Who asks for something to be done to jobs of an app, and the audit log's line about it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from headgate.gateway.apps import Principal
from headgate.model.app import App
from headgate.model.submission import Submission
from headgate.store import audit


@dataclass(frozen=True, slots=True)
class Owner:
    """Who asks, for an app, on behalf of a user: all that the methods here need to know of it."""

    principal: Principal
    app: App
    user: str


def record(
    connection: Connection,
    owner: Owner,
    action: str,
    submission: Submission,
    *,
    outcome: str = "done",
    detail: str = "",
) -> None:
    """Write into the audit log what somebody did to a submission."""
    audit.record(
        connection,
        user=owner.user,
        via=owner.principal.via,
        action=action,
        subject=f"submission {submission.id}",
        outcome=outcome,
        detail=detail,
    )
