"""Jobs described as slurmrestd takes them, as slurm-proxy's private route passed them on. Pure.

Source: the specifications of slurmrestd's steps; a number may be plain, or say whether it is set.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any, Final

from headgate.gateway.refusals import BadRequestError
from headgate.model.event import JSON
from headgate.slurm.rest.values import number

_WORDS: Final = {
    "account": "account",
    "array": "array",
    "comment": "comment",
    "constraints": "constraint",
    "dependency": "dependency",
    "gres": "gres",
    "name": "job_name",
    "partition": "partition",
    "qos": "qos",
    "reservation": "reservation",
    "tres_per_node": "gres",
    "wckey": "wckey",
}
_NUMBERS: Final = {
    "cpus_per_task": "cpus_per_task",
    "tasks": "tasks",
    "tasks_per_node": "tasks_per_node",
    "nice": "nice",
}
_MEGABYTES: Final = {"memory_per_node": "memory", "memory_per_cpu": "memory_per_cpu"}
_MINUTES: Final = {"time_limit": "time", "time_minimum": "time_min"}
_FLAGS: Final = ("hold", "requeue")
_ELSEWHERE: Final = frozenset(
    {"script", "environment", "current_working_directory", "standard_output", "standard_error", "nodes"}
)


def request_of(script: str | None, job: Mapping[str, Any]) -> dict[str, Any]:
    """Return a job as an app asks for it. Raises BadRequestError for a key that has no counterpart."""
    known = {*_WORDS, *_NUMBERS, *_MEGABYTES, *_MINUTES, *_FLAGS, *_ELSEWHERE}
    if unknown := set(job) - known:
        raise BadRequestError(f"job: {min(unknown)[:64]!a} is not taken here; there are: {', '.join(sorted(known))}")
    text = script if script is not None else job.get("script")
    if not isinstance(text, str) or not text:
        raise BadRequestError("script is missing")
    asked: dict[str, Any] = {"script": _moved(text, job.get("current_working_directory"))}
    asked |= {_WORDS[name]: value for name, value in job.items() if name in _WORDS and value not in (None, "")}
    asked |= {name: job[name] for name in _FLAGS if job.get(name) is not None}
    for names, form in ((_NUMBERS, None), (_MEGABYTES, "M"), (_MINUTES, "")):
        for name, ours in names.items():
            value = number(job.get(name))
            if value is not None:
                asked[ours] = value if form is None else f"{value}{form}"
    if job.get("nodes") is not None:
        asked["nodes"] = _nodes(job["nodes"])
    return asked | {"environment": _variables(job.get("environment"))}


def files_of(job: Mapping[str, Any]) -> dict[str, JSON]:
    """Return where output and errors go, where that was said: absolute paths. Raises BadRequestError for others."""
    files: dict[str, JSON] = {}
    for name, ours in (("standard_output", "output"), ("standard_error", "error")):
        value = job.get(name)
        if value in (None, ""):
            continue
        if not isinstance(value, str) or not value.startswith("/") or ".." in value.split("/"):
            raise BadRequestError(f"job: {name} should be an absolute path without ..")
        files[ours] = value
    return files


def _moved(script: str, directory: Any) -> str:
    """Return a script that changes into a directory before its first command, and after what sbatch reads of it."""
    if directory in (None, ""):
        return script
    if not isinstance(directory, str) or not directory.startswith("/") or not directory.isprintable():
        raise BadRequestError("job: current_working_directory should be an absolute path")
    lines = script.split("\n")
    first = next((at for at, line in enumerate(lines) if line.strip() and not line.startswith("#")), len(lines))
    return "\n".join([*lines[:first], f"cd -- {shlex.quote(directory)} || exit 1", *lines[first:]])


def _nodes(value: Any) -> str:
    if isinstance(value, list) and 1 <= len(value) <= 2:  # noqa: PLR2004 - the least, and the most
        return "-".join(str(one) for one in value)
    return str(value)


def _variables(value: Any) -> dict[str, str]:
    if value is None:
        return {}
    if isinstance(value, Mapping):
        pairs = [(str(name), text) for name, text in value.items()]
    elif isinstance(value, list) and all(isinstance(one, str) and "=" in one for one in value):
        pairs = [(one.partition("=")[0], one.partition("=")[2]) for one in value]
    else:
        raise BadRequestError("job: environment should be an object, or a list of NAME=value")
    # slurmrestd cannot do without PATH, so everybody sends one; here jobs have one anyway.
    return {name: str(text) for name, text in pairs if not name.startswith(("SLURM_", "SBATCH_"))}
