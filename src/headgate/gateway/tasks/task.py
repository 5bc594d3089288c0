"""A task, as slurm-proxy documents it."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from headgate.gateway.request import Argument, Line


def _absolute(text: str) -> str:
    path = PurePosixPath(text)
    if not path.is_absolute() or ".." in path.parts or not text.isprintable():
        raise ValueError("should be an absolute path without ..")
    return str(path)


def _directory(text: str) -> str:
    path = PurePosixPath(text)
    if ".." in path.parts or not text.isprintable():
        raise ValueError("should be a path without .., absolute or below dirs.parent")
    return str(path)


def _file(text: str) -> str:
    if any(part in ("", ".", "..") for part in text.split("/")) or not text.isprintable():
        raise ValueError("should be the name of a file, below its directory")
    return text


Parent = Annotated[str, Field(min_length=2, max_length=4096), AfterValidator(_absolute)]
Directory = Annotated[str, Field(min_length=1, max_length=4096), AfterValidator(_directory)]
"""An absolute path, or one below ``dirs.parent``."""
File = Annotated[str, Field(min_length=1, max_length=1024), AfterValidator(_file)]
UserName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}$")]
Uuid = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_.:-]+$")]


class _Given(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TaskSlurm(_Given):
    """What a task asks of Slurm."""

    partition: Line | None = Field(None, description="Partition.")
    job_name: Line | None = Field(None, description="Name of the job; without it, the task's name and uuid.")
    cpus_per_task: int | None = Field(None, ge=1, le=1_000_000, description="CPUs of each task.")
    nodes: int | None = Field(None, ge=1, le=1_000_000, description="Nodes.")
    ntasks_per_node: int | None = Field(None, ge=1, le=1_000_000, description="Tasks of each node.")
    mem: int | None = Field(None, ge=1, le=10**9, description="Megabytes of memory of the job.")
    time: Annotated[float, Field(gt=0, le=24 * 366, allow_inf_nan=False)] | None = Field(
        None, description="Time limit in hours."
    )
    account: Line | None = Field(None, description="Slurm account that is charged.")
    qos: Line | None = Field(None, description="Quality of service.")
    output: File = Field("output.txt", description="File of the output, in `dirs.output`.")
    error: File = Field("error.txt", description="File of the errors, in `dirs.error`.")
    environment: str | dict[str, str] | None = Field(
        None, description="Variables: `NAME=value`, several with commas or on lines of their own; or an object."
    )


class TaskDirectories(_Given):
    """Where a task's files lie. All are made, as the user, before the job is submitted."""

    parent: Parent = Field(description="The directory that the others lie in, if they are no absolute paths.")
    input: Directory | None = Field(None, description="Where the job finds what it reads.")
    output: Directory | None = Field(None, description="Where its output goes; without it, to `parent`.")
    error: Directory | None = Field(None, description="Where its errors go; without it, to `parent`.")

    def whole(self, directory: str | None) -> str:
        """Return the absolute path of a directory that was given, of ``parent`` for none."""
        return str(PurePosixPath(self.parent, directory or ""))


class TaskNotification(_Given):
    """Who is told when the job is over."""

    methods: tuple[Annotated[str, Field(max_length=64)], ...] = Field((), max_length=20)
    params: dict[str, dict[str, Any]] = Field(default_factory=dict)


class Task(_Given):
    """A task."""

    name: str = Field(min_length=1, max_length=128, description="Its kind: `generic`, or one that the site has set.")
    username: UserName = Field(description="The Unix account it runs as.")
    cwd: Directory = Field(description="Directory it runs in: an absolute path, or one below `dirs.parent`.")
    uuid: Uuid = Field(description="Its own id, once for each app.")
    slurm: TaskSlurm
    dirs: TaskDirectories
    cmd: Argument | None = Field(None, description="Program, for kinds that have none of their own.")
    params: tuple[Argument | int | float, ...] = Field((), max_length=10_000, description="Arguments, one word each.")
    notification: TaskNotification | None = None


class MonitoredTask(BaseModel):
    """A task whose job was submitted elsewhere. What else it holds is kept as it is."""

    model_config = ConfigDict(frozen=True, extra="allow")

    username: UserName
    uuid: Uuid
    notification: TaskNotification | None = None
