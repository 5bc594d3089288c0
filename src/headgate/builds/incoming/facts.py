"""Facts about pull requests, as events. Pure.

A fact has the same key whoever tells it: the webhook, a relay, GitHub's list of deliveries, or a look at the comments.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from headgate.model.event import JSON, Event, EventKind, Source
from headgate.model.pull_request import Comment, PullRequestState, Repository

MOST = 64 * 1024
"""Characters of a comment that are kept, which is more than GitHub takes; lines beyond are cut off whole."""
_COMMAND = re.compile(r"(?:^|[\r\n])[ \t]{0,3}bot:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Where:
    """The pull request a fact is about, and how it was learnt.

    ``head``: its newest commit, empty if that was not told. ``sender``: the login of who did it. ``delivery``: the
    webhook's own id, empty if it was no webhook.
    """

    source: Source
    repository: Repository
    number: int
    state: PullRequestState
    head: str = ""
    sender: str = ""
    delivery: str = ""

    @property
    def key(self) -> str:
        """What the key of its every fact begins with."""
        return f"pr:{self.repository}#{self.number}"

    @property
    def subject(self) -> str:
        """What its every fact is about, as the journal writes it."""
        return f"pull request {self.repository}#{self.number}"


def for_bot(body: str) -> bool:
    """Say whether a comment has a line that begins ``bot:``, perhaps misspelt in a way that deserves an answer."""
    return _COMMAND.search(body) is not None


def commented(where: Where, comment: Comment) -> Event | None:
    """Return a comment as an event: only of a person, and only if it has a line for the bot."""
    if comment.by_bot or not for_bot(comment.body):
        return None
    data: dict[str, JSON] = {
        "comment_id": comment.id,
        "body": _bounded(comment.body),
        "created_at": comment.created_at,
        "author": comment.author,
        "url": comment.url,
    }
    key = f"{where.key}:comment:{comment.id}"
    return _event(EventKind.PULL_REQUEST_COMMENT, where, key, comment.created_at, data)


def opened(where: Where, at: float, *, again: bool = False) -> Event:
    """Return that a pull request was opened, or opened ``again``."""
    key = f"{where.key}:{'reopened' if again else 'opened'}:{_second(at)}"
    return _event(EventKind.PULL_REQUEST_OPENED, where, key, at, {"again": again})


def updated(where: Where, at: float) -> Event:
    """Return that a pull request has a new head, which ``where`` names."""
    return _event(EventKind.PULL_REQUEST_UPDATED, where, f"{where.key}:head:{where.head}", at, {})


def closed(where: Where, at: float) -> Event:
    """Return that a pull request was closed."""
    merged = where.state is PullRequestState.MERGED
    return _event(EventKind.PULL_REQUEST_CLOSED, where, f"{where.key}:closed:{_second(at)}", at, {"merged": merged})


def labeled(where: Where, at: float, label: str) -> Event:
    """Return that a pull request got a label. A label may be given again, so the delivery tells them apart."""
    name = label.encode("unicode_escape").decode()  # what a database keeps as text
    key = f"{where.key}:labeled:{where.delivery}:{name}"
    return _event(EventKind.PULL_REQUEST_LABELED, where, key, at, {"label": label})


def _event(kind: EventKind, where: Where, key: str, at: float, data: dict[str, JSON]) -> Event:
    known: dict[str, JSON] = {
        "forge": where.repository.forge,
        "repository": where.repository.path,
        "number": where.number,
        "head": where.head,
        "state": where.state.value,
        "sender": where.sender,
        "delivery": where.delivery,
    }
    return Event(key=key, kind=kind, time=at, subject=where.subject, source=where.source, data={**known, **data})


def _second(at: float) -> str:
    return str(int(at))


def _bounded(body: str) -> str:
    if len(body) <= MOST:
        return body
    return body[: max(body.rfind("\n", 0, MOST), 0)]
