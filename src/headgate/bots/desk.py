"""What a bot does for people whose account it knows: their jobs, their messages, their link. Nobody else's, ever."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from sqlalchemy import Connection

from headgate.bots import listing, wording
from headgate.bots.chat import Answer, Button
from headgate.bots.commands import JobRef
from headgate.bots.listing import Times
from headgate.bots.questions import Questions
from headgate.config.chat import BotSettings
from headgate.errors import SlurmError
from headgate.events.mail_events import attempt_key, label, mail_request
from headgate.model.event import EventKind
from headgate.model.mail import MailRequest, MailScope
from headgate.model.person import Link, Preferences
from headgate.model.text import one_line
from headgate.notify.logtail import output_path
from headgate.notify.output import OutputReader
from headgate.store import audit, journal, links, own_jobs, people
from headgate.store.jobs import StoredJob
from headgate.store.store import Store

_MOST_READ: Final = 2000
"""Records of jobs read for one answer."""
_LATELY: Final = 86400.0
_MOST_ENDED: Final = 50
_COMPLAINT: Final = 300


class SlurmDoor(Protocol):
    """What is asked of Slurm: nothing but to end a job. Both raise SlurmError."""

    async def cluster_name(self) -> str:
        """Return the cluster's name."""

    async def cancel(self, job: str, owner: str) -> str | None:
        """End a job of this user and of nobody else; return None, or in plain words why Slurm refused."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, and what the audit log has of it. ``recorded``: it has it already."""

    answer: Answer | None
    outcome: str
    user: str = ""
    subject: str = ""
    detail: str = ""
    recorded: bool = False


_OWN = OutputReader()
"""Reads what Headgate's own account may."""


class Desk:
    """Serves linked people of one connector. Every method raises StoreError."""

    def __init__(
        self,
        store: Store,
        name: str,
        bot: BotSettings,
        slurm: SlurmDoor,
        *,
        lines: int,
        outputs: OutputReader = _OWN,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._name = name
        self._bot = bot
        self._slurm = slurm
        self._lines = lines
        self._outputs = outputs
        self._clock = clock
        self._questions = Questions(clock=clock)

    async def jobs(self, link: Link) -> Reply:
        """Tell which jobs somebody has."""
        since = self._clock() - _LATELY
        going = await self._store.read(lambda c: own_jobs.open_of(c, link.user, _MOST_READ))
        ended = await self._store.read(lambda c: own_jobs.last_ended(c, link.user, since, _MOST_ENDED))
        answer = listing.overview(going, [one.event for one in ended], more=len(going) == _MOST_READ)
        return Reply(answer, "done", user=link.user)

    async def job(self, link: Link, job: JobRef) -> Reply:
        """Tell how a job of theirs is."""
        found = await self._find(link, job)
        if not found:
            return await self._unknown(link, job)
        first = found[0]
        if job.task is None and first.array_id == job.number:
            answer = listing.array(found, job.number, more=len(found) >= _MOST_READ)
        else:
            answer = listing.details(first, await self._times(first))
        buttons = self._buttons(job, going=any(one.open for one in found))
        return Reply(replace(answer, buttons=buttons), "done", user=link.user, subject=f"job {job}")

    async def output(self, link: Link, job: JobRef) -> Reply:
        """Show the end of a job's output, where Headgate may read it."""
        if not await self._find(link, job):
            return await self._unknown(link, job)
        request = await self._request(link, job)
        if request is None:
            why = "Slurm told me no output file of this job: it tells me one with each mail a job asks for."
            return _declined(link, job, why)
        tail = await self._outputs.tail(request, self._lines)
        if tail is not None:
            answer = Answer(f"The end of {one_line(tail.path, 200)}:", code="\n".join(tail.lines))
            return Reply(answer, "done", user=link.user, subject=f"job {job}")
        return _declined(link, job, _why_no_output(request, as_owner=self._outputs.actor is not None))

    async def cancel(self, link: Link, job: JobRef, token: str) -> Reply:
        """Ask whether a job shall be ended; with the token of that question, have Slurm end it."""
        found = await self._find(link, job)
        if not found:
            return await self._unknown(link, job)
        going = [one for one in found if one.open]
        if not going:
            return _declined(link, job, f"Job {job} is {listing.words_of(found[0])}.")
        about = (str(job), max(one.attempt.submitted for one in going))
        if not self._questions.answered(link.identity, about, token):
            return self._ask(link, job, going, about)
        cluster = going[0].attempt.cluster
        return await self._end(link, job, cluster)

    async def mute(self, link: Link, seconds: float | None) -> Reply:
        """Hold somebody's messages back for a while, or not any more."""
        until = None if seconds is None else self._clock() + seconds

        def work(connection: Connection) -> None:
            before = people.preferences_of(connection, [link.user]).get(link.user)
            preferred = (before or Preferences()).model_copy(update={"muted_until": until})
            people.prefer(connection, link.user, preferred)

        await self._store.write(work)
        if until is None:
            return Reply(Answer("You are told again."), "done", user=link.user, subject="off")
        text = f"Muted until {listing.show_time(until)}. What comes until then is kept, and told at once then."
        buttons = (Button("Unmute", "mute off"),) if self._bot.buttons else ()
        return Reply(Answer(text, buttons=buttons), "done", user=link.user, subject=f"{seconds:g} s")

    async def unlink(self, link: Link) -> Reply:
        """Untie this chat from the account."""
        await self._store.write(lambda c: links.unlink(c, link.user, self._name, link.identity))
        answer = Answer(f"This chat is not linked to the account {one_line(link.user, 40)} any more.")
        return Reply(answer, "done", user=link.user)

    async def _find(self, link: Link, job: JobRef) -> list[StoredJob]:
        """Return what is known of a job of this person's: nothing for anybody else's."""
        number = job.number + (job.part or 0)
        found = await self._store.read(lambda c: own_jobs.numbered(c, link.user, number, _MOST_READ))
        return listing.chosen(found, job)

    async def _unknown(self, link: Link, job: JobRef) -> Reply:
        """Say that there is no such job; a task that waits has no record of its own, which only its owner is told."""
        answer = wording.no_such_job(str(job))
        if job.task is not None and await self._find(link, JobRef(job.number)):
            answer = wording.no_such_task(job.number, job.task)
        return Reply(answer, "refused", user=link.user, subject=f"job {job}", detail="no such job")

    async def _times(self, job: StoredJob) -> Times:
        keys = [attempt_key(kind, job.attempt) for kind in (EventKind.JOB_STARTED, EventKind.JOB_ENDED)]

        def work(connection: Connection) -> dict[str, journal.Recorded]:
            numbers = journal.ids(connection, keys)
            return {one.event.key: one for one in journal.get_many(connection, sorted(numbers.values()))}

        known = await self._store.read(work)
        started, ended = (known[key].event if key in known else None for key in keys)
        return Times(started, ended)

    async def _request(self, link: Link, job: JobRef) -> MailRequest | None:
        """Return the newest mail that names this job's output."""
        found = await self._store.read(lambda c: own_jobs.last_mail(c, link.user, job.number))
        for one in reversed(found):
            request = mail_request(one.event)
            meant = str(job) in (label(request), str(request.job_id)) or label(request) == f"{job}+0"
            if meant and request.user == link.user and request.scope is not MailScope.ARRAY_SUMMARY and request.stdout:
                return request
        return None

    def _ask(self, link: Link, job: JobRef, going: Sequence[StoredJob], about: object) -> Reply:
        command = f"cancel {job} yes {self._questions.ask(link.identity, about)}"
        text = f"Shall I cancel {listing.named(going, job)}? Within two minutes, say: {command}"
        buttons = (Button(f"Cancel {job}", command, danger=True),) if self._bot.buttons else ()
        return Reply(Answer(text, buttons=buttons), "asked", user=link.user, subject=f"job {job}")

    async def _end(self, link: Link, job: JobRef, cluster: str) -> Reply:
        subject = f"job {job}"
        await self._store.write(
            lambda c: audit.record(
                c, user=link.user, via=f"bot {self._name}", action="cancel", outcome="begun", subject=subject,
                detail=link.identity, now=self._clock(),
            )
        )  # fmt: skip
        try:
            if cluster != await self._slurm.cluster_name():
                return _declined(link, job, f"Job {job} is on the cluster {one_line(cluster, 40)}, which is not mine.")
            refused = await self._slurm.cancel(str(job if job.part is None else JobRef(job.number)), link.user)
        except SlurmError as error:
            text = "That did not work; look at the job before you try again. Slurm says: "
            answer = Answer(text + one_line(error.message, _COMPLAINT))
            return Reply(answer, "failed", user=link.user, subject=subject, detail=error.message)
        if refused is not None:
            return Reply(Answer(refused), "refused", user=link.user, subject=subject, detail=refused)
        return Reply(Answer(f"Slurm is ending job {job}."), "done", user=link.user, subject=subject)

    def _buttons(self, job: JobRef, *, going: bool) -> tuple[Button, ...]:
        if not self._bot.buttons:
            return ()
        offered = [("output", Button("Show output", f"output {job}"), True)]
        offered.append(("cancel", Button("Cancel", f"cancel {job}", danger=True), going))
        return tuple(button for command, button, fits in offered if fits and command in self._bot.commands)


def _declined(link: Link, job: JobRef, why: str) -> Reply:
    return Reply(Answer(why), "refused", user=link.user, subject=f"job {job}", detail=why)


def _why_no_output(request: MailRequest, *, as_owner: bool) -> str:
    path = output_path(request)
    if path is None:
        return "The output of this job has no file that can be shown."
    shown = one_line(path, 200)
    if not as_owner and (request.uid is None or os.geteuid() != request.uid):
        return f"I do not run as you, so I may not read your files. The output is in {shown}"
    return f"There is nothing that can be read in {shown}"
