"""What the API takes and gives, beside the gateway's own types."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from headgate.model.app import APP_NAME, App, AppRules, AppToken
from headgate.model.event import JSON
from headgate.model.submission import Submission


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Shown(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewApp(_Given):
    """An app that is to be made."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "portal", "rules": {"groups": ["portal-users"], "max_active": 100}}]}
    )

    name: str = Field(pattern=APP_NAME, description="Its name.", examples=["portal"])
    rules: AppRules = Field(default_factory=AppRules, description="What it may do; without any, it acts for nobody.")


class AppChange(_Given):
    """What is to be changed of an app."""

    rules: AppRules | None = Field(None, description="What it may do from now on.")
    disabled: bool | None = Field(None, description="Whether it is switched off.")


class ShownApp(_Shown):
    """An app. ``access_token`` is there once, when the app is made."""

    name: str
    access_token: str | None = None
    directory: str = Field("", description="Slurmer's; the directories of jobs lie with their users here.")
    id: str
    rules: AppRules
    disabled: bool
    created_at: float

    @classmethod
    def of(cls, app: App, token: str | None = None) -> Self:
        """Show an app."""
        return cls(
            name=app.name,
            access_token=token,
            directory="",
            id=app.id,
            rules=app.rules,
            disabled=app.disabled,
            created_at=app.created_at,
        )


class NewToken(_Given):
    """A token that is to be made."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "notebook", "user": "ada", "lifetime": 86400}]})

    name: str = Field(
        "token", min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_. -]+$", description="What it is for."
    )
    user: str | None = Field(None, max_length=64, description="The only user it may act for.")
    lifetime: Annotated[float, Field(gt=0, le=10 * 366 * 86400, allow_inf_nan=False)] | None = Field(
        None, description="Seconds for which it is good; without it, until it is revoked."
    )


class Rotation(_Given):
    """A new token in place of all others."""

    name: str = Field("rotated", min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_. -]+$")
    grace: Annotated[float, Field(ge=0, le=90 * 86400, allow_inf_nan=False)] = Field(
        0.0, description="Seconds for which the others are good still."
    )


class ShownToken(_Shown):
    """A token. ``token`` is there once, when it is made."""

    id: str
    name: str
    user: str | None
    created_at: float
    expires_at: float | None
    used_at: float | None
    token: str | None = None

    @classmethod
    def of(cls, kept: AppToken, token: str | None = None) -> Self:
        """Show a token."""
        return cls(
            id=kept.id,
            name=kept.name,
            user=kept.user,
            created_at=kept.created_at,
            expires_at=kept.expires_at,
            used_at=kept.used_at,
            token=token,
        )


class SlurmJob(_Shown):
    """What Slurm says of a job, by Slurmer's names."""

    account: str
    job_id: int
    job_state: str
    state_description: str
    state_reason: str
    name: str
    user_name: str
    user_id: int


class ShownJob(_Shown):
    """A job. Times are seconds since the epoch."""

    name: str
    status: Literal["stopped", "started"] = Field(description="Slurmer's: whether Slurm has it, or may have it.")
    user_name: str
    id: str
    slurm_id: int = Field(description="The Slurm job of the last start; 0 if there is none.")
    slurm_job: SlurmJob | None = Field(description="The same, as Slurm sees it.")
    phase: Literal["created", "submitting", "active", "ended", "refused"]
    state: str | None = Field(description="Slurm's word for its state.")
    exit_code: int | None = Field(description="The script's exit code, once it is over.")
    signal: int | None = Field(description="The signal that ended it.")
    failed: bool = Field(description="Whether it ended, and not well.")
    reason: str | None = Field(description="Why it waits, or how it ended, in Slurm's word.")
    problem: str | None = Field(description="Why it did not go on, for its owner.")
    cluster: str
    directory: str
    array: bool
    runs: int = Field(description="How often it was started.")
    request: dict[str, Any] = Field(description="What was asked for.")
    outcome: dict[str, Any]
    accounting: dict[str, Any] | None = Field(description="What accounting says, once it is over.")
    task_uuid: str | None
    created_at: float
    submitted_at: float | None
    started_at: float | None
    ended_at: float | None

    @classmethod
    def of(cls, own: Submission, slurm: SlurmJob | None) -> Self:
        """Show a job."""
        outcome = {name: value for name, value in own.outcome.items() if name != "stopping"}
        hidden = ("earlier_jobs", "script_files")
        return cls(
            name=own.name,
            status="started" if own.phase.started else "stopped",
            user_name=own.user,
            id=own.id,
            slurm_id=own.job_id or 0,
            slurm_job=slurm,
            phase=own.phase.value,
            state=own.state,
            exit_code=_number(outcome.get("exit_code")),
            signal=_number(outcome.get("signal")),
            failed=own.failed,
            reason=str(outcome.get("reason") or (slurm.state_reason if slurm else "")) or None,
            problem=own.problem,
            cluster=own.cluster,
            directory=own.directory,
            array=own.array,
            runs=own.run,
            request={name: value for name, value in own.request.items() if name not in hidden},
            outcome=outcome,
            accounting=None if own.figures is None else dict(own.figures),
            task_uuid=own.task_uuid,
            created_at=own.created_at,
            submitted_at=own.requested_at,
            started_at=own.started_at,
            ended_at=own.ended_at,
        )


class ShownTask(_Shown):
    """A task of an array, or the tasks that wait together."""

    label: str
    job_id: int
    state: str
    over: bool


class ShownFile(_Shown):
    """A file in a job's directory. ``modified`` is in seconds since the epoch."""

    name: str
    kind: Literal["file", "directory", "link", "other"]
    size: int
    mode: str = Field(description="Permissions, in octal.")
    modified: float


class ShownFiles(_Shown):
    """A part of a directory, by name. If there is ``more``, ask again with ``after`` the last name."""

    entries: list[ShownFile]
    more: bool


class Checksum(_Shown):
    """A file's SHA-256, in hexadecimal."""

    sha256: str
    size: int


class Written(_Shown):
    """What was written to a file."""

    path: str
    size: int
    sha256: str


class Removed(_Shown):
    """How many files and directories went."""

    removed: int


def _number(value: JSON) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
