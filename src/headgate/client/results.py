"""What the gateway answers, as types. Keys that a newer gateway adds are ignored."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Result(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Job(_Result):
    """A job. Times are seconds since the epoch."""

    id: str
    name: str
    status: Literal["stopped", "started"]
    phase: str
    state: str | None = None
    slurm_id: int = 0
    exit_code: int | None = None
    signal: int | None = None
    failed: bool = False
    reason: str | None = None
    problem: str | None = None
    user_name: str = ""
    cluster: str = ""
    directory: str = ""
    array: bool = False
    accounting: dict[str, Any] | None = None
    created_at: float = 0.0
    submitted_at: float | None = None
    started_at: float | None = None
    ended_at: float | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more happens by itself."""
        return self.phase in ("ended", "refused")


class Event(_Result):
    """Something that happened to a job. ``number`` takes a stream up again behind it."""

    number: int = 0
    id: str
    kind: str
    time: float
    submission: str
    job_id: int | None = None
    array_id: int | None = None
    data: dict[str, Any] = Field(default_factory=dict)


class File(_Result):
    """A file in a job's directory. ``modified`` is in seconds since the epoch."""

    name: str
    kind: Literal["file", "directory", "link", "other"]
    size: int
    mode: str
    modified: float


class Template(_Result):
    """A job template. ``parameters`` is a JSON Schema."""

    name: str
    title: str = ""
    description: str = ""
    parameters: dict[str, Any] = Field(default_factory=dict)
    problem: str | None = None


class Hook(_Result):
    """A webhook. ``secret`` is there once, when it was made by the gateway."""

    id: str
    url: str
    user: str | None = None
    events: tuple[str, ...] = ()
    secret: str | None = None
