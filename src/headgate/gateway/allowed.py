"""What an app's rules allow: on which clusters, partitions and accounts its jobs may run, and how many at once."""

from __future__ import annotations

from sqlalchemy import Connection

from headgate.gateway.refusals import NotAllowedError, TooManyError
from headgate.gateway.request import JobRequest
from headgate.model.app import App
from headgate.store import submissions


def check_request(app: App, cluster: str, request: JobRequest) -> None:
    """Check that an app may have a job made on a cluster, where the request says. Raises NotAllowedError."""
    if app.rules.clusters and cluster not in app.rules.clusters:
        raise NotAllowedError(f"the app {app.name} may not submit to {cluster}")
    check_places(app, request.partition, request.account, named=True)


def check_places(app: App, partition: str | None, account: str | None, *, named: bool) -> None:
    """Check that a job goes where the app may send it. With ``named``, it has to say where if that matters.

    Raises NotAllowedError.
    """
    if app.rules.partitions and (named or partition is not None):
        given = partition.split(",") if partition else []
        if not given or not set(given) <= set(app.rules.partitions):
            raise NotAllowedError(f"a job of this app names one of the partitions {', '.join(app.rules.partitions)}")
    if app.rules.accounts and (named or account is not None) and account not in app.rules.accounts:
        raise NotAllowedError(f"a job of this app names one of the accounts {', '.join(app.rules.accounts)}")


def check_active(connection: Connection, app: App, user: str, own: int = 0) -> None:
    """Check that there may be one job more. ``own``: how many are there for it already. Raises TooManyError."""
    rules = app.rules
    for most, of in ((rules.max_active, None), (rules.max_active_per_user, user)):
        if most is not None and submissions.count_active(connection, app.id, of) - own >= most:
            whose = "this app" if of is None else "this user"
            raise TooManyError(f"{whose} may have {most} jobs that are not over; wait until one is")
