"""What there is on a fake GitLab: merge requests and their notes. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Note:
    """A note (a comment). Times are seconds since the epoch."""

    id: int
    author: str
    body: str
    created_at: float
    updated_at: float
    system: bool = False
    emoji: list[tuple[str, str]] = field(default_factory=list)
    """Name and login of each."""
    hidden: bool = False
    """Whether the token may not read it. Lists leave it out when their pages are cut already: these are short then."""


@dataclass(slots=True)
class MergeRequest:
    """A merge request."""

    project: str
    iid: int
    author: str
    sha: str
    base: str
    created_at: float
    updated_at: float
    title: str = "An improvement"
    state: str = "opened"
    labels: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    closed_at: float | None = None
    merged_at: float | None = None
    diff: bytes = b""
    source: str = ""
