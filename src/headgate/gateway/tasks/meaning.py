"""What a task means: its kind, its script, what Slurm is told, which directories it needs. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final

from headgate.config.gateway import TaskType
from headgate.gateway.refusals import BadRequestError
from headgate.gateway.script import command_script
from headgate.gateway.tasks.task import Task

SHIPPED: Final[Mapping[str, TaskType]] = {
    "generic": TaskType(description="Runs the program that the task names."),
    "echo_hello_world": TaskType(
        description="Says hello.", cmd="/bin/echo", default_params=("-e", "hello, world!\\t(sent to standard output)")
    ),
}
"""Kinds of task that are there unless the site sets them otherwise."""
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def kind_of(task: Task, kinds: Mapping[str, TaskType]) -> TaskType:
    """Return a task's kind. Raises BadRequestError for one that is not known, or has nothing to run."""
    known = {**SHIPPED, **kinds}
    kind = known.get(task.name)
    if kind is None:
        raise BadRequestError(f"there is no task {task.name[:64]!a}; there are: {', '.join(sorted(known))}")
    if kind.cmd is None and not task.cmd:
        raise BadRequestError(f"the task {task.name} runs what cmd names, and there is none")
    return kind


def script_of(task: Task, kind: TaskType) -> str:
    """Return the batch script: the command by ``srun``, every word quoted, in the task's directory."""
    arguments = [*kind.default_params, *(str(one) for one in task.params)]
    return command_script(kind.cmd or task.cmd or "", arguments, task.dirs.whole(task.cwd))


def directories_of(task: Task) -> list[str]:
    """Return the directories a task needs, each once, in the order in which they are made."""
    dirs = task.dirs
    wanted = [None, dirs.input, dirs.output, dirs.error, task.cwd]
    return list(dict.fromkeys(dirs.whole(one) for one in wanted))


def options_of(task: Task) -> dict[str, str | int]:
    """Return what sbatch is told, by the executor's names.

    A task's ``time`` is in hours, Slurm's in minutes; its ``mem`` is of the whole job, Slurm's of each node (both in
    megabytes).
    """
    given = task.slurm
    # Rounded first: 31/60 of an hour is a little more than 31 minutes in floating point, and should not be 32.
    minutes = None if given.time is None else max(1, math.ceil(round(given.time * 60, 6)))
    megabytes = None if given.mem is None else math.ceil(given.mem / (given.nodes or 1))
    named: dict[str, str | int | None] = {
        "job_name": given.job_name or f"{task.name}-{task.uuid}",
        "partition": given.partition,
        "account": given.account,
        "qos": given.qos,
        "cpus_per_task": given.cpus_per_task,
        "nodes": None if given.nodes is None else str(given.nodes),
        "tasks_per_node": given.ntasks_per_node,
        "memory": None if megabytes is None else f"{megabytes}M",
        "time": None if minutes is None else str(minutes),
    }
    return {name: value for name, value in named.items() if value is not None}


def files_of(task: Task) -> dict[str, str]:
    """Return where output and errors go: absolute paths."""
    dirs, given = task.dirs, task.slurm
    return {
        "output": f"{_escaped(dirs.whole(dirs.output))}/{_plain(given.output)}",
        "error": f"{_escaped(dirs.whole(dirs.error))}/{_plain(given.error)}",
    }


def variables_of(task: Task) -> dict[str, str]:
    """Return the job's variables. Raises BadRequestError for what is none."""
    given = task.slurm.environment
    if given is None:
        return {}
    if isinstance(given, dict):
        pairs = list(given.items())
    else:
        parts = [part for line in given.splitlines() for part in _split(line)]
        pairs = [(name, value) for name, _, value in (part.partition("=") for part in parts)]
        if any("=" not in part for part in parts):
            raise BadRequestError("slurm.environment should hold NAME=value, several with commas between them")
    for name, value in pairs:
        if not _VARIABLE.fullmatch(name) or name.startswith(("SLURM_", "SBATCH_")) or "\0" in value:
            raise BadRequestError("slurm.environment holds a name that is no variable, or one of Slurm's own")
    return dict(pairs)


def _split(line: str) -> list[str]:
    """Split at commas that a name and ``=`` follow: a value may hold commas."""
    return [part for part in re.split(r",(?=[A-Za-z_][A-Za-z0-9_]*=)", line.strip()) if part]


def _escaped(directory: str) -> str:
    """Return a directory's path in which sbatch finds no patterns: it is made under the name that it was given."""
    return directory.replace("%", "%%")


def _plain(name: str) -> str:
    """Return a file's name in which sbatch finds no patterns but those of job ids."""
    return re.sub(r"%(?![%\d]*[jJxuAa])", "%%", name)
