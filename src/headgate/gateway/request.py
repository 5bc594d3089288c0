"""What an app asks for when it creates a job, as a type: Slurmer's batch properties and sbatch's options by name.

Sources: Slurmer's ``BatchProperties``; sbatch(1) for the options. Whether an option's text has a form that sbatch
takes is judged by the executor, which turns it into one argument.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from headgate.model.event import JSON

MAX_ARGUMENTS = 10_000
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("should be one line of printable text")
    return text


def _file_name(text: str) -> str:
    """Check for a path below the job's directory; Slurm's ``%`` patterns may be in it."""
    parts = text.split("/")
    if any(part in ("", ".", "..") for part in parts):
        raise ValueError("should be a path below the job's directory, without . and ..")
    return text


def _no_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("should hold no NUL")
    return text


Line = Annotated[str, Field(max_length=1024), AfterValidator(_one_line)]
Word = Annotated[str, Field(min_length=1, max_length=1024, pattern=r"^[^ \t\r\n]+$"), AfterValidator(_one_line)]
FileName = Annotated[str, Field(min_length=1, max_length=1024), AfterValidator(_one_line), AfterValidator(_file_name)]
Argument = Annotated[str, Field(max_length=128 * 1024), AfterValidator(_no_nul)]
Number = Annotated[int, Field(ge=0, le=10**9)]
MEMORY = r"^[0-9]{1,12}[KMGT]?$"
TIME = r"^(UNLIMITED|[0-9]{1,9}(-[0-9]{1,2}(:[0-9]{1,2}){0,2}|(:[0-9]{1,2}){1,2})?)$"
Memory = Annotated[str, Field(pattern=MEMORY, examples=["4G"])]
Time = Annotated[str, Field(pattern=TIME, examples=["1-12:00:00", "30"])]


class TemplateChoice(BaseModel):
    """A job template of the site, and what it is to be filled with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", description="The template's name.")
    parameters: dict[str, Any] = Field(default_factory=dict, description="Its parameters, as its schema says.")


class JobOptions(BaseModel):
    """Options of sbatch, by their long names with ``_`` for ``-`` (``memory`` is ``--mem``, ``tasks`` ``--ntasks``)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    account: Line | None = Field(None, description="Slurm account that is charged.")
    array: Line | None = Field(None, description="Array: indices, such as `0-9%2`.")
    begin: Word | None = Field(None, description="When it may start at the earliest, such as `now+1hour`.")
    comment: Line | None = Field(None, description="Any text.")
    constraint: Line | None = Field(None, description="Node features it needs.")
    cpus_per_gpu: Number | None = Field(None, description="CPUs of each GPU.")
    cpus_per_task: Number | None = Field(None, description="CPUs of each task.")
    deadline: Word | None = Field(None, description="Remove it if it cannot end by then.")
    dependency: Line | None = Field(None, description="What has to be over before, such as `afterok:4711`.")
    exclude: Line | None = Field(None, description="Nodes it must not run on.")
    exclusive: bool | None = Field(None, description="Whether it shares its nodes with no other job.")
    gpus: Word | None = Field(None, description="GPUs, such as `2` or `a100:2`.")
    gpus_per_node: Word | None = Field(None, description="GPUs of each node.")
    gpus_per_task: Word | None = Field(None, description="GPUs of each task.")
    gres: Word | None = Field(None, description="Generic resources of each node, such as `gpu:2`.")
    hold: bool | None = Field(None, description="Whether it waits until it is released.")
    job_name: Line | None = Field(None, description="Its name.")
    licenses: Line | None = Field(None, description="Licences it needs.")
    mail_type: Line | None = Field(None, description="Of what Slurm sends mail, such as `END,FAIL`.")
    mail_user: Word | None = Field(None, description="To whom: `connector:target`, or an address.")
    memory: Memory | None = Field(None, description="Memory of each node: `4G`; without a unit, MiB.")
    memory_per_cpu: Memory | None = Field(None, description="Memory of each CPU.")
    memory_per_gpu: Memory | None = Field(None, description="Memory of each GPU.")
    nice: Number | None = Field(None, description="By how much its priority is lowered.")
    nodelist: Line | None = Field(None, description="Nodes it needs.")
    nodes: Word | None = Field(None, description="Number of nodes: `2`, or `2-4`.", pattern=r"^[0-9]+(-[0-9]+)?$")
    open_mode: str | None = Field(None, description="`append` or `truncate`.", pattern="^(append|truncate)$")
    partition: Line | None = Field(None, description="Partition, or several with commas.")
    qos: Line | None = Field(None, description="Quality of service.")
    requeue: bool | None = Field(None, description="Whether Slurm may put it back into the queue.")
    reservation: Line | None = Field(None, description="Reservation it runs in.")
    signal: Word | None = Field(None, description="Signal before its time is over, such as `B:USR1@120`.")
    tasks: Number | None = Field(None, description="Number of tasks.")
    tasks_per_node: Number | None = Field(None, description="Tasks of each node.")
    time: Time | None = Field(None, description="Time limit: minutes, `hours:minutes:seconds`, `days-hours`.")
    time_min: Time | None = Field(None, description="The least time limit it can do with.")
    wckey: Line | None = Field(None, description="Workload characterization key.")

    def options(self) -> dict[str, str | int | bool]:
        """Return what is set, by the executor's names."""
        names = JobOptions.model_fields
        given = ((name, getattr(self, name)) for name in names)
        return {name: value for name, value in given if value is not None and value != ""}


class JobRequest(JobOptions):
    """What an app asks for. Exactly one of ``command``, ``script`` and ``template`` says what is run."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"script": "#!/bin/bash\nsrun fit data.csv\n", "partition": "main", "time": "2:00:00", "memory": "4G"},
                {"command": "/usr/bin/hostname", "args": ["--fqdn"], "job_name": "where", "start": False},
                {"template": {"name": "fit", "parameters": {"steps": 100}}, "array": "0-9%2"},
            ]
        }
    )

    command: Argument | None = Field(None, description="Program that `srun` runs, with `args`.", min_length=1)
    args: tuple[Argument, ...] = Field((), max_length=MAX_ARGUMENTS, description="Its arguments, one word each.")
    script: str | None = Field(None, min_length=1, description="Batch script, as it is; its `#SBATCH` lines count.")
    template: TemplateChoice | None = Field(None, description="Job template of the site.")
    chdir: Line | None = Field(None, description="Directory the command runs in; without it, the job's own.")
    cluster: str | None = Field(None, max_length=128, description="Cluster; without it, the default one.")
    environment: dict[str, Argument] = Field(default_factory=dict, description="Variables of the job.")
    output: FileName | None = Field(None, description="File of its output, below its directory; `%j` is its id.")
    error: FileName | None = Field(None, description="File of its errors; without it they go to `output`.")
    start: bool | None = Field(
        None, description="Whether it is submitted at once. Below `/apps` it is not, unless this is true."
    )

    @model_validator(mode="after")
    def _one_thing_to_run(self) -> Self:
        given = [name for name in ("command", "script", "template") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("should have exactly one of command, script and template")
        if self.args and self.command is None:
            raise ValueError("args belong to command")
        if self.chdir is not None and self.command is None:
            raise ValueError("chdir belongs to command; a script or a template changes its directory itself")
        return self

    @model_validator(mode="after")
    def _variables(self) -> Self:
        for name in self.environment:
            if not _VARIABLE.fullmatch(name) or name.startswith(("SLURM_", "SBATCH_")):
                raise ValueError("environment holds a name that is no variable, or one of Slurm's own")
        return self

    def kept(self) -> dict[str, JSON]:
        """Return what is kept of it: not the script, which lies in the job's directory."""
        shown = self.model_dump(mode="json", exclude_none=True, exclude_defaults=True, exclude={"script", "start"})
        return dict(shown)


class JobUpdate(BaseModel):
    """What an owner may change of a job that Slurm has, within Slurm's own rules."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [{"time_limit": "1:00:00"}, {"array_throttle": 4}]}
    )

    time_limit: Time | None = Field(None, description="New time limit; an owner may only lower it.")
    account: Line | None = Field(None, description="New account.")
    array_throttle: Number | None = Field(None, description="How many tasks of the array may run at once.")
    begin: Word | None = Field(None, description="When it may start at the earliest.")
    comment: Line | None = Field(None, description="New comment.")
    constraint: Line | None = Field(None, description="New constraint.")
    deadline: Word | None = Field(None, description="New deadline.")
    dependency: Line | None = Field(None, description="New dependency.")
    job_name: Line | None = Field(None, description="New name.")
    mail_type: Line | None = Field(None, description="Of what Slurm sends mail.")
    mail_user: Word | None = Field(None, description="To whom.")
    nice: Number | None = Field(None, description="By how much its priority is lowered.")
    nodes: Word | None = Field(None, description="Number of nodes.", pattern=r"^[0-9]+(-[0-9]+)?$")
    partition: Line | None = Field(None, description="New partition.")
    qos: Line | None = Field(None, description="New quality of service.")
    requeue: bool | None = Field(None, description="Whether Slurm may put it back into the queue.")
    reservation: Line | None = Field(None, description="New reservation.")

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.changes():
            raise ValueError("should name something to change")
        return self

    def changes(self) -> dict[str, str | int | bool]:
        """Return what is to be changed, by the executor's names."""
        return self.model_dump(exclude_none=True)
