"""What a job used of what it was given: the facts, bars and advice that a message about it holds, for its page."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from headgate.model.event import EventKind
from headgate.model.job import ArrayPlace, Figures
from headgate.model.mail import MailKind, MailRequest, MailScope
from headgate.model.message import Bar, Message
from headgate.notify.message import build_message
from headgate.notify.wording import share, span
from headgate.web.pages.jobs.about import ArrayAbout, JobAbout
from headgate.web.pages.jobs.reach import figures_of
from headgate.web.pages.site import Site

MOST_TASKS: Final = 2000
"""Tasks of an array for which accounting is asked by a page."""
_NOT_SHOWN: Final = frozenset(
    {"Job", "Name", "User", "Account", "Cluster", "Partition", "Submitted", "Started", "Ended"}
)
"""Facts that the page's head has already."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What accounting says, fit to be shown. ``problem``: why there is nothing, in words."""

    message: Message | None = None
    bars: Sequence[Bar] = ()
    work_dir: str = ""
    problem: str = ""
    comment: str = ""

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Label and value of what the head does not say."""
        if self.message is None:
            return []
        return [(fact.label, fact.value) for fact in self.message.facts if fact.label not in _NOT_SHOWN]


_AWAY: Final = "Slurm's accounting did not answer in time; the page asks again."
_NONE_YET: Final = "Slurm's accounting has nothing about this job yet."
_WAITS: Final = "What it used is shown once it has begun."


async def of_job(site: Site, about: JobAbout) -> Shown:
    """Return what accounting says of a job's newest attempt."""
    request = about.telling()
    if request is None:
        return Shown(problem=_WAITS if about.waits else _NONE_YET)
    attempt = about.job.attempt
    found = await figures_of(site, attempt.cluster, attempt.job_id, attempt.submitted)
    if found is None:
        return Shown(problem=_AWAY)
    own = [one for one in found if one.attempt.submitted == attempt.submitted and one.attempt.job_id == attempt.job_id]
    if not own:
        return Shown(problem=_NONE_YET)
    figures = own[-1]
    message = _message(site, request, figures)
    bars = message.bars if request.kind.final else _so_far(figures)
    return Shown(message, bars, figures.work_dir, comment=figures.comment)


async def of_array(site: Site, about: ArrayAbout) -> Shown:
    """Return what accounting says of an array's tasks together."""
    array = about.array
    if array.open:
        return Shown(problem="What its tasks used together is shown when all are over.")
    if array.records > MOST_TASKS:
        return Shown(problem=f"With more than {MOST_TASKS} tasks, what they used is shown task by task.")
    found = await figures_of(site, array.cluster, array.number, array.submitted)
    if found is None:
        return Shown(problem=_AWAY)
    tasks = [one for one in found if one.array is not None and one.attempt.submitted >= array.submitted]
    if not tasks:
        return Shown(problem=_NONE_YET)
    request = MailRequest(
        record_id="",
        received=max(time.time(), about.ended or 0.0),
        kind=MailKind.ENDED,
        scope=MailScope.ARRAY_SUMMARY,
        job_id=array.number,
        receivers="",
        cluster=array.cluster,
        array=ArrayPlace(array.number, None),
        name=array.name,
        user=array.user,
    )
    message = _message(site, request, None, tasks)
    return Shown(message, message.bars, tasks[0].work_dir)


def _message(site: Site, request: MailRequest, figures: Figures | None, tasks: Sequence[Figures] = ()) -> Message:
    settings = site.settings.messages.model_copy(update={"job_link": ""})
    return build_message(request, figures, tasks=tasks, settings=settings, hints=site.settings.hints)


def _so_far(figures: Figures) -> list[Bar]:
    """Return how much of its time a job that runs has had."""
    elapsed = None if figures.started is None else max(0.0, time.time() - figures.started)
    fraction, ran, limit = share(elapsed, figures.time_limit), span(elapsed), span(figures.time_limit)
    if fraction is None or not ran or not limit:
        return []
    return [Bar(label="Time", fraction=fraction, text=f"{ran} of {limit} so far")]


def started_and_ended(about: JobAbout) -> tuple[float | None, float | None]:
    """Return when the newest attempt started and ended, as the journal has it."""
    started = about.event(EventKind.JOB_STARTED)
    ended = None if about.job.open else about.event(EventKind.JOB_ENDED)
    return (None if started is None else started.time), (None if ended is None else ended.time)
