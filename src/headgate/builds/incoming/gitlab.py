"""GitLab's webhooks: read. Pure. That they carry the token is seen before."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, ValidationError

from headgate.builds.incoming import facts
from headgate.builds.incoming.facts import Where
from headgate.builds.incoming.github import Commit, Part, UnreadableError
from headgate.model.event import Event, Source
from headgate.model.pull_request import Comment, PullRequestState, Repository

PATH: Final = r"^[A-Za-z0-9_.-]{1,255}(?:/[A-Za-z0-9_.-]{1,255}){1,20}$"
_STATES: Final = {"merged": PullRequestState.MERGED, "closed": PullRequestState.CLOSED}
_OLD: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC")
"""How webhooks wrote times before GitLab 18; the API writes ISO 8601."""
_BOT: Final = re.compile(r"(?:project|group)_\d+_bot(?:_[0-9a-z]+)?|.*[-_]bot|ghost|GitLab[-_]?Duo", re.IGNORECASE)
"""Accounts that are programs by what GitLab calls them; webhooks do not say it otherwise."""


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook of GitLab's that carried the token."""

    id: str
    payload: Mapping[str, Any]


def read(body: bytes, headers: Mapping[str, str]) -> Hook:
    """Read a webhook that carried the token. Raises UnreadableError."""
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        raise UnreadableError("the webhook's body is no JSON") from None
    if not isinstance(payload, dict):
        raise UnreadableError("the webhook's body is no JSON object")
    number = headers.get("idempotency-key") or headers.get("x-gitlab-event-uuid") or ""
    return Hook(number[:64] if number.isprintable() else "", payload)


def facts_of(hook: Hook, forge: str, source: Source = Source.WEBHOOK) -> list[Event]:
    """Return the events a webhook stands for: none for most. Raises UnreadableError."""
    try:
        match hook.payload.get("object_kind"):
            case "note":
                found = _note(hook, forge, source)
            case "merge_request":
                return _merge_request(hook, forge, source)
            case _:
                return []
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise UnreadableError(f"GitLab's webhook cannot be read at {where}") from None
    return [] if found is None else [found]


def person(login: str) -> bool:
    """Say whether an account is a person's, as far as its name tells: GitLab's tokens have accounts of fixed names."""
    return _BOT.fullmatch(login) is None


def standing(state: str) -> PullRequestState:
    """Return GitLab's state of a merge request as ours; a ``locked`` one is being merged."""
    return _STATES.get(state, PullRequestState.OPEN)


def _moment(value: object) -> object:
    if isinstance(value, str) and _OLD.fullmatch(value):
        return datetime.strptime(value, "%Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC)
    return value


Moment = Annotated[datetime, BeforeValidator(_moment)]


class _User(Part):
    username: str = Field(max_length=255)


class _Project(Part):
    path_with_namespace: str = Field(pattern=PATH)


class _Note(Part):
    id: int = Field(ge=1)
    note: str
    noteable_type: str
    system: bool = False
    action: str = "create"
    created_at: Moment
    updated_at: Moment
    url: str = Field("", max_length=1000)


class _LastCommit(Part):
    id: Commit


class _MergeRequest(Part):
    iid: int = Field(ge=1)
    state: str = "opened"
    last_commit: _LastCommit | None = None
    created_at: Moment | None = None
    updated_at: Moment
    action: str = ""
    oldrev: str = ""

    @property
    def head(self) -> str:
        """The newest commit."""
        return "" if self.last_commit is None else self.last_commit.id


class _NotePayload(Part):
    user: _User
    project: _Project
    object_attributes: _Note
    merge_request: _MergeRequest | None = None


class _Label(Part):
    title: str = Field(max_length=255)


class _LabelChange(Part):
    previous: tuple[_Label, ...] = ()
    current: tuple[_Label, ...] = ()


class _Changes(Part):
    labels: _LabelChange | None = None


class _MergeRequestPayload(Part):
    user: _User
    project: _Project
    object_attributes: _MergeRequest
    changes: _Changes = _Changes()


def _note(hook: Hook, forge: str, source: Source) -> Event | None:
    payload = _NotePayload.model_validate(hook.payload)
    note, request = payload.object_attributes, payload.merge_request
    if note.noteable_type != "MergeRequest" or request is None or note.system or note.action != "create":
        return None
    comment = Comment(
        id=note.id,
        author=payload.user.username,
        body=note.note,
        created_at=note.created_at.timestamp(),
        updated_at=note.updated_at.timestamp(),
        url=note.url,
        by_bot=not person(payload.user.username),
    )
    repository = Repository(forge, payload.project.path_with_namespace)
    return facts.commented(_where(hook, repository, source, payload.user, request), comment)


def _merge_request(hook: Hook, forge: str, source: Source) -> list[Event]:
    payload = _MergeRequestPayload.model_validate(hook.payload)
    request = payload.object_attributes
    repository = Repository(forge, payload.project.path_with_namespace)
    where = _where(hook, repository, source, payload.user, request)
    at = request.updated_at.timestamp()
    match request.action:
        case "open":
            found = [facts.opened(where, at if request.created_at is None else request.created_at.timestamp())]
        case "reopen":
            found = [facts.opened(where, at, again=True)]
        case "close" | "merge":
            found = [facts.closed(where, at)]
        case "update" if request.oldrev and where.head:
            found = [facts.updated(where, at)]
        case _:
            found = []
    change = payload.changes.labels
    if change is not None and request.action == "update":
        before = {label.title for label in change.previous}
        new = sorted({label.title for label in change.current} - before)
        found += [facts.labeled(where, at, label) for label in new]
    return found


def _where(hook: Hook, repository: Repository, source: Source, user: _User, request: _MergeRequest) -> Where:
    return Where(
        source=source,
        repository=repository,
        number=request.iid,
        state=standing(request.state),
        head=request.head,
        sender=user.username,
        delivery=hook.id,
    )
