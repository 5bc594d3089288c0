"""What the store has about one job, or one array: read at once, and only what its visitor may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from headgate.events.mail_events import label as label_of
from headgate.events.mail_events import mail_request, request_about
from headgate.model.event import Event, EventKind
from headgate.model.mail import MailRequest, MailScope
from headgate.model.right import Right
from headgate.model.states import JobState, read_state
from headgate.model.submission import Submission
from headgate.store import job_search, job_story, jobs, submissions
from headgate.store.job_search import FoundJob
from headgate.store.job_story import Story
from headgate.store.jobs import StoredJob
from headgate.web.pages.visitor import Visitor

MOST_EVENTS: Final = 300
TASKS: Final = 100
"""Tasks on a page."""


def only_of(visitor: Visitor) -> str | None:
    """Return whose jobs a visitor sees; None: everybody's."""
    return None if visitor.has(Right.SEE_JOBS) else visitor.user


@dataclass(frozen=True, slots=True)
class JobAbout:
    """One job. ``attempts``: oldest first."""

    attempts: Sequence[StoredJob]
    story: Story
    submissions: Sequence[Submission]

    @property
    def job(self) -> StoredJob:
        """The newest attempt."""
        return self.attempts[-1]

    @property
    def cluster(self) -> str:
        """Its cluster."""
        return self.job.attempt.cluster

    @property
    def job_id(self) -> int:
        """Its number, which each task of an array has for itself."""
        return self.job.attempt.job_id

    @property
    def label(self) -> str:
        """Its number as users write it."""
        return word(self.job, "label") or str(self.job_id)

    @property
    def user(self) -> str:
        """Whose it is."""
        return word(self.job, "user")

    @property
    def state(self) -> str:
        """Slurm's word for how it is."""
        return word(self.job, "state")

    @property
    def waits(self) -> bool:
        """Whether it has not begun."""
        return self.job.open and self.state == JobState.PENDING.text

    @property
    def rest(self) -> bool:
        """Whether this record stands for all tasks of an array that still wait together."""
        return self.label.endswith("_*")

    @property
    def name_for_slurm(self) -> str:
        """What Slurm is asked to act on; of a heterogeneous job its leader."""
        return self.label.removesuffix("_*").partition("+")[0]

    def event(self, kind: EventKind) -> Event | None:
        """Return the newest event of a kind about the newest attempt."""
        since = self.job.attempt.submitted
        found = [one.event for one in self.story.events if one.event.kind is kind and one.event.time >= since - 1]
        return found[-1] if found else None

    def requests(self) -> list[MailRequest]:
        """Return the mails Slurm asked for about this very job, oldest first."""
        found = [mail_request(one.event) for one in self.story.events if one.event.kind is EventKind.MAIL_REQUESTED]
        return [
            one
            for one in found
            if one.scope is not MailScope.ARRAY_SUMMARY
            and self.label in (label_of(one), str(one.job_id))
            and one.user == self.user
        ]

    def telling(self) -> MailRequest | None:
        """Return the request that a message about how the job is now would answer; None while it waits."""
        ended = None if self.job.open else self.event(EventKind.JOB_ENDED)
        event = ended or self.event(EventKind.JOB_STARTED)
        return None if event is None else request_about(event)


def word(job: StoredJob, key: str) -> str:
    """Return a word that the watcher keeps of a job."""
    value = job.data.get(key)
    return value if isinstance(value, str) else ""


def find_job(connection: Connection, cluster: str, job_id: int, user: str | None) -> JobAbout | None:
    """Read a job; None if there is none (of this user, if one is given)."""
    attempts = [one for one in jobs.of_job(connection, cluster, job_id) if user is None or word(one, "user") == user]
    if not attempts:
        return None
    array_id = attempts[-1].array_id
    story = job_story.of_job(connection, cluster, job_id, array_id, limit=MOST_EVENTS)
    owner = word(attempts[-1], "user")
    started = [one for one in submissions.of_jobs(connection, cluster, {array_id or job_id}) if one.user == owner]
    return JobAbout(attempts, _of_owner(story, owner), started)


@dataclass(frozen=True, slots=True)
class ArrayAbout:
    """One array: its summary, a page of its tasks, its story."""

    array: FoundJob
    tasks: Sequence[FoundJob]
    story: Story

    @property
    def ended(self) -> float | None:
        """When its last task ended, if all have."""
        times = [one.event.time for one in self.story.events if one.event.kind is EventKind.JOB_ENDED]
        return None if self.array.open or not times else max(times)


def find_array(connection: Connection, cluster: str, array_id: int, user: str | None, page: int) -> ArrayAbout | None:
    """Read an array and a page of its tasks; None if there is none (of this user, if one is given)."""
    array = job_search.summary_of(connection, cluster, array_id, array=True, user=user)
    if array is None:
        return None
    tasks = job_search.tasks_of(connection, cluster, array_id, user=user, limit=TASKS, offset=(page - 1) * TASKS)
    story = job_story.of_array(connection, cluster, array_id, limit=MOST_EVENTS // 2)
    return ArrayAbout(array, tasks, _of_owner(story, array.user))


def _of_owner(story: Story, owner: str) -> Story:
    """Return a story without events of others' jobs: numbers are used again."""
    return Story([one for one in story.events if one.event.user in ("", owner)], story.deliveries, story.cut)


def state_of(text: str) -> JobState | None:
    """Return the state that Slurm's word means."""
    reading = read_state(text)
    return None if reading is None else reading.state
