"""GitHub's webhooks: verified, then read. Pure."""

from __future__ import annotations

import hashlib
import json
import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from headgate.builds.incoming import facts
from headgate.builds.incoming.facts import Where
from headgate.builds.incoming.signature import signed
from headgate.errors import HeadgateError
from headgate.model.event import Event, Source
from headgate.model.pull_request import Comment, PullRequestState, Repository

WANTED: Final = frozenset(
    {("issue_comment", "created")}
    | {("pull_request", action) for action in ("opened", "synchronize", "reopened", "labeled", "closed")}
)
"""The events and actions that become events of ours."""
_ID: Final = re.compile(r"[0-9A-Za-z-]{1,64}")
_NAME: Final = re.compile(r"[a-z_]{1,64}")
_FORM: Final = "application/x-www-form-urlencoded"
_MAX_LOGIN: Final = 100


class UnreadableError(HeadgateError):
    """A webhook that was signed cannot be read."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook that its forge signed: only ``verified`` makes one, or GitHub's own list of them."""

    id: str
    event: str
    action: str
    payload: Mapping[str, Any]

    @classmethod
    def verified(cls, body: bytes, headers: Mapping[str, str], secret: bytes, *, sha1: bool = False) -> Delivery | None:
        """Return what was delivered, or None if it was not signed with this secret. Raises UnreadableError."""
        if not signed(body, headers, secret, sha1=sha1):
            return None
        return cls.of(_payload(body, headers), headers, hashlib.sha256(body).hexdigest()[:40])

    @classmethod
    def of(cls, payload: object, headers: Mapping[str, str], otherwise: str) -> Delivery:
        """Return a delivery of a payload that is known to be GitHub's; ``otherwise`` is its id if no header has one.

        Raises UnreadableError.
        """
        if not isinstance(payload, dict):
            raise UnreadableError("the webhook's body is no JSON object")
        event, number = headers.get("x-github-event", ""), headers.get("x-github-delivery", "")
        action = payload.get("action")
        return cls(
            id=number if _ID.fullmatch(number) else otherwise,
            event=event if _NAME.fullmatch(event) else "",
            action=action if isinstance(action, str) and _NAME.fullmatch(action) else "",
            payload=payload,
        )


def facts_of(delivery: Delivery, forge: str, source: Source = Source.WEBHOOK) -> list[Event]:
    """Return the events a delivery stands for: none for most. Raises UnreadableError."""
    if (delivery.event, delivery.action) not in WANTED:
        return []
    try:
        if delivery.event == "issue_comment":
            found = _comment(_CommentPayload.model_validate(delivery.payload), delivery, forge, source)
        else:
            found = _pull_request(_PullRequestPayload.model_validate(delivery.payload), delivery, forge, source)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise UnreadableError(f"GitHub's {delivery.event} cannot be read at {where}") from None
    return [] if found is None else [found]


def comment_of(comment: CommentPart) -> Comment:
    """Return a comment of GitHub's as ours."""
    user = comment.user
    return Comment(
        id=comment.id,
        author="" if user is None else user.login,
        body=comment.body or "",
        created_at=comment.created_at.timestamp(),
        updated_at=comment.updated_at.timestamp(),
        url=comment.html_url,
        by_bot=user is None or not user.person,
    )


class Part(BaseModel):
    """A part of what GitHub says; of which we read what we need, and mind nothing else."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class UserPart(Part):
    """Who did something."""

    login: str = Field(max_length=_MAX_LOGIN)
    type: str = "User"

    @property
    def person(self) -> bool:
        """Whether it is a person, and no App, organisation or ghost of an import."""
        return self.type == "User" and not self.login.endswith("[bot]")


class RepositoryPart(Part):
    """A repository."""

    full_name: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}$")


class CommentPart(Part):
    """A comment."""

    id: int = Field(ge=1)
    user: UserPart | None = None
    body: str | None = None
    created_at: datetime
    updated_at: datetime
    html_url: str = Field("", max_length=1000)
    issue_url: str = Field("", max_length=1000)


Commit = Annotated[str, Field(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")]


class _Merged(Part):
    merged_at: datetime | None = None


class IssuePart(Part):
    """An issue, or a pull request seen as one."""

    number: int = Field(ge=1)
    state: str
    pull_request: _Merged | None = None

    @property
    def standing(self) -> PullRequestState:
        """Whether the pull request is still to be merged."""
        if self.pull_request is not None and self.pull_request.merged_at is not None:
            return PullRequestState.MERGED
        return PullRequestState.OPEN if self.state == "open" else PullRequestState.CLOSED


class _Side(Part):
    sha: Commit
    ref: str = Field("", max_length=1000)
    repo: RepositoryPart | None = None


class LabelPart(Part):
    """A label."""

    name: str = Field(max_length=200)


class PullRequestPart(Part):
    """A pull request."""

    number: int = Field(ge=1)
    state: str
    merged_at: datetime | None = None
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None
    head: _Side
    base: _Side
    user: UserPart | None = None
    title: str | None = None
    labels: tuple[LabelPart, ...] = ()
    html_url: str = Field("", max_length=1000)

    @property
    def standing(self) -> PullRequestState:
        """Whether it is still to be merged."""
        if self.merged_at is not None:
            return PullRequestState.MERGED
        return PullRequestState.OPEN if self.state == "open" else PullRequestState.CLOSED


class _CommentPayload(Part):
    repository: RepositoryPart
    sender: UserPart | None = None
    issue: IssuePart
    comment: CommentPart


class _PullRequestPayload(Part):
    repository: RepositoryPart
    sender: UserPart | None = None
    pull_request: PullRequestPart
    label: LabelPart | None = None


def _comment(payload: _CommentPayload, delivery: Delivery, forge: str, source: Source) -> Event | None:
    if payload.issue.pull_request is None:
        return None  # an issue: nothing is built there
    where = Where(
        source=source,
        repository=Repository(forge, payload.repository.full_name),
        number=payload.issue.number,
        state=payload.issue.standing,
        sender="" if payload.sender is None else payload.sender.login,
        delivery=delivery.id,
    )
    return facts.commented(where, comment_of(payload.comment))


def _pull_request(payload: _PullRequestPayload, delivery: Delivery, forge: str, source: Source) -> Event | None:
    pull = payload.pull_request
    where = Where(
        source=source,
        repository=Repository(forge, payload.repository.full_name),
        number=pull.number,
        state=pull.standing,
        head=pull.head.sha,
        sender="" if payload.sender is None else payload.sender.login,
        delivery=delivery.id,
    )
    changed = pull.updated_at.timestamp()
    match delivery.action:
        case "opened":
            return facts.opened(where, pull.created_at.timestamp())
        case "reopened":
            return facts.opened(where, changed, again=True)
        case "synchronize":
            return facts.updated(where, changed)
        case "closed":
            return facts.closed(where, changed if pull.closed_at is None else pull.closed_at.timestamp())
        case _:
            return None if payload.label is None else facts.labeled(where, changed, payload.label.name)


def _payload(body: bytes, headers: Mapping[str, str]) -> object:
    """Return what a body holds, as JSON or as the form that GitHub can also be told to send. Raises UnreadableError."""
    try:
        if headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM:
            body = urllib.parse.parse_qs(body, strict_parsing=True, max_num_fields=10)[b"payload"][0]
        return json.loads(body)
    except (ValueError, KeyError, RecursionError):
        raise UnreadableError("the webhook's body is no JSON") from None
