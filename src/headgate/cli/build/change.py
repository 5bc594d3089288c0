"""``headgate build cancel``, ``retry`` and ``replay``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from headgate.cli.account import account
from headgate.cli.options import Number, opened_store
from headgate.errors import ConfigError, NotFoundError

if TYPE_CHECKING:
    from sqlalchemy import Connection


@click.command()
@click.argument("number", type=Number())
def cancel(number: int) -> None:
    """End build job NUMBER. The running service does it, and says so in the pull request."""
    from headgate.builds.commands import ask_cancel
    from headgate.store import builds
    from headgate.store.signals import Topic
    from headgate.store.store import ring

    by = account()

    def work(connection: Connection) -> None:
        job = builds.get_job(connection, number)
        if job is None:
            raise NotFoundError(f"there is no build job {number}")
        if job.phase.over:
            raise ConfigError(f"build job {number} is over already")
        ask_cancel(connection, job, by)
        ring(connection, Topic.BUILDS)

    with opened_store() as store:
        store.write_now(work)
    click.echo(f"build job {number} is being cancelled")


@click.command()
@click.argument("number", type=Number())
def retry(number: int) -> None:
    """Make build job NUMBER again: the same commit, for the same target, in a directory of its own."""
    from headgate.builds.planning import plan_again
    from headgate.store import audit, builds

    by = account()

    def work(connection: Connection) -> int:
        job = builds.get_job(connection, number)
        if job is None:
            raise NotFoundError(f"there is no build job {number}")
        made = plan_again(connection, job, by, time.time())
        if made is None:
            raise ConfigError(f"build job {number} is not over yet; cancel it first")
        audit.record(
            connection,
            user=by,
            via="command line",
            action="build retry",
            subject=f"build job {number}",
            outcome="done",
            detail=f"as build job {made.id}",
        )
        return made.id

    with opened_store() as store:
        made = store.write_now(work)
    click.echo(f"build job {made} makes it again")


@click.command()
@click.argument("event", type=Number())
def replay(event: int) -> None:
    """Do again what event EVENT of a pull request asks for (its number is in `headgate event list`).

    Commands are answered again. A build that was made at this commit already is not made twice.
    """
    from headgate.builds.following import request_of
    from headgate.store import audit, builds, journal

    by, now = account(), time.time()

    def work(connection: Connection) -> None:
        found = journal.get(connection, event)
        if found is None:
            raise NotFoundError(f"there is no event {event}")
        request = request_of(found.event, event, now, key=f"replay {event} at {now}")
        if request is None:
            raise ConfigError(f"event {event} is none of a pull request")
        builds.add_request(connection, request)
        audit.record(
            connection, user=by, via="command line", action="build replay", subject=f"event {event}", outcome="done"
        )

    with opened_store() as store:
        store.write_now(work)
    click.echo(f"event {event} is done again")
