"""A conversation over a store with jobs of two people in it, and a Slurm that does as it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from headgate.bots.acting import ActionDoor
from headgate.bots.chat import Answer, Incoming
from headgate.bots.conversation import Conversation, ConversationSettings
from headgate.bots.deciding import DecisionDoor
from headgate.config.chat import BotSettings
from headgate.errors import SlurmError
from headgate.events.mail_events import attempt_key, mail_event
from headgate.events.sources.changes import KnownJob
from headgate.events.sources.stored_jobs import stored_job
from headgate.model.event import Event, EventKind, Source
from headgate.model.job import Attempt
from headgate.model.mail import MailKind, MailRequest, MailScope
from headgate.model.person import Link
from headgate.store import audit, jobs, journal, links, people
from headgate.store.audit import AuditFilter
from headgate.store.links import GuessLimits
from headgate.store.store import Store

NOW = 1_750_000_000.0
ALL = ("jobs", "job", "output", "cancel", "mute")


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class Slurm:
    """Notes what was to be cancelled; refuses or fails as set."""

    cancelled: list[tuple[str, str]] = field(default_factory=list)
    refuses: str | None = None
    fails: str | None = None

    async def cluster_name(self) -> str:
        return "c"

    async def cancel(self, job: str, owner: str) -> str | None:
        if self.fails is not None:
            raise SlurmError(self.fails)
        self.cancelled.append((job, owner))
        return self.refuses


def known(job_id: int, user: str = "ada", **changed: Any) -> KnownJob:
    """A job as the watcher knows it; running unless told otherwise."""
    submitted = changed.pop("submitted", int(NOW) - 3600)
    values = {"label": str(job_id), "name": f"name-{job_id}", "account": "acc", "partition": "short"}
    attempt = Attempt(changed.pop("cluster", "c"), job_id, submitted)
    return KnownJob(attempt, user=user, **{**values, "state": "RUNNING", "begun": True, **changed})


def happened(kind: EventKind, job: KnownJob, at: float, **data: Any) -> Event:
    """An event of a job, as the watcher writes it."""
    return Event(
        attempt_key(kind, job.attempt),
        kind,
        at,
        f"job {job.label}",
        Source.WATCHER,
        cluster=job.attempt.cluster,
        job_id=job.attempt.job_id,
        array_id=job.array_id,
        user=job.user,
        data={"label": job.label, "name": job.name, **data},
    )


def mailed(job_id: int, user: str, uid: int, stdout: str) -> Event:
    """A mail Slurm asked for about a job that ended."""
    request = MailRequest(
        f"r{job_id}", NOW, MailKind.ENDED, MailScope.JOB, job_id, user, cluster="c", user=user, uid=uid, stdout=stdout
    )
    return mail_event(request, cluster="c")


class Site:
    """One bot, in one store."""

    def __init__(
        self,
        store: Store,
        name: str = "slack",
        commands: Sequence[str] = ALL,
        actions: ActionDoor | None = None,
        decisions: DecisionDoor | None = None,
        **changed: Any,
    ) -> None:
        self.store = store
        self.name = name
        self.clock = Clock()
        self.slurm = Slurm()
        bot = BotSettings(enabled=True, commands=tuple(commands))
        settings = ConversationSettings(bot, GuessLimits(), **{"per_minute": 1000, **changed})
        self.conversation = Conversation(
            store, name, settings, self.slurm, actions=actions, decisions=decisions, clock=self.clock
        )

    async def say(self, text: str, identity: str = "U1", *, private: bool = True, place: str = "D1") -> Answer:
        """Say something; an answer is expected."""
        answer = await self.conversation(Incoming(identity, "Somebody", place, private, text))
        assert answer is not None
        return answer

    async def has(self, *known_jobs: KnownJob, events: Sequence[Event] = ()) -> None:
        """Put jobs and events into the store."""
        await self.store.write(lambda c: jobs.keep(c, [stored_job(job) for job in known_jobs], NOW))
        await self.store.write(lambda c: journal.append(c, list(events)))

    async def code(self, user: str = "ada") -> str:
        """Give a code out."""
        return await self.store.write(lambda c: links.issue(c, user, self.name, now=self.clock(), lifetime=600))

    async def link(self, user: str = "ada", identity: str = "U1") -> None:
        """Link a chat."""
        await self.say(f"link {await self.code(user)}", identity)

    async def links(self, user: str = "ada") -> list[Link]:
        """Return a user's links."""
        return await self.store.read(lambda c: people.links_of(c, [user]))

    async def audited(self) -> list[tuple[str, str, str, str]]:
        """Return user, action, subject and outcome of the audit log."""
        found = await self.store.read(lambda c: audit.find(c, AuditFilter(), limit=1000))
        return [(one.user, one.action, one.subject, one.outcome) for one in found]


def everything(answer: Answer) -> str:
    """Return all that somebody reads in an answer."""
    return "\n".join([answer.text, answer.code, *(f"{one.label} {one.command}" for one in answer.buttons)])
