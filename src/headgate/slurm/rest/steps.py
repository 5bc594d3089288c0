"""The steps of the API: how each wants a job described. Pure.

Sources: the specifications slurmrestd generates of itself (22.05, 24.11, 26.05), and trying 22.05. Up to 0.0.38 a job
is a flat object with plain numbers and an object of variables; from 0.0.39 numbers say whether they are set, variables
are a list, and generic resources are TRES; from 0.0.41 the script belongs to the job. What a step cannot express is
refused, because an unknown key is only a warning there.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from headgate.errors import SlurmRefusedError
from headgate.model.durations import read_duration

Option = str | int | bool
_BEGIN: Final = re.compile(r"now(?:\+(\d{1,9})(seconds|minutes|hours|days|weeks|second|minute|hour|day|week)?)?")
_UNITS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 7 * 86400}
_SIGNAL: Final = re.compile(r"([BR]{1,2}:)?(\w+?)(?:@(\d{1,5}))?")
_MIB: Final = {"K": 1 / 1024, "M": 1, "G": 1024, "T": 1024 * 1024, "": 1}
_ALL_MAIL: Final = ("BEGIN", "END", "FAIL", "REQUEUE", "INVALID_DEPENDENCY", "STAGE_OUT")
_MAIL: Final = {"TIME_LIMIT": "TIME=100%", **{f"TIME_LIMIT_{part}": f"TIME={part}%" for part in (50, 80, 90)}}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the API."""

    version: str
    """``0.0.38``."""

    @property
    def number(self) -> int:
        """Its last part."""
        return int(self.version.rpartition(".")[2])

    @property
    def structured(self) -> bool:
        """Whether numbers say whether they are set, and variables are a list."""
        return self.number >= 39  # noqa: PLR2004 - the step

    def submission(
        self, script: str, directory: str, options: Mapping[str, Option], environment: Mapping[str, str]
    ) -> dict[str, Any]:
        """Return the body that submits a job. Raises SlurmRefusedError for an option this step cannot express."""
        job = {
            **self.described(options),
            "current_working_directory": directory,
            "environment": [f"{name}={value}" for name, value in environment.items()]
            if self.structured
            else dict(environment),
        }
        if self.number >= 41:  # noqa: PLR2004 - the step
            return {"job": {**job, "script": script}}
        return {"script": script, "job": job}

    def described(self, options: Mapping[str, Option]) -> dict[str, Any]:
        """Return options as the job's properties, by the executor's names of them."""
        job: dict[str, Any] = {}
        for name, value in options.items():
            put = (_NEW if self.structured else _OLD).get(name) or _SAME.get(name)
            if put is None:
                raise refusal(f"slurmrestd {self.version} has no way to say {name}; the cli driver has")
            job.update(put(self, value))
        return job

    def count(self, value: int) -> Any:
        """Return a number as this step takes it."""
        return {"set": True, "infinite": False, "number": value} if self.structured else value

    def minutes(self, value: Option) -> Any:
        """Return a time limit."""
        if value == "UNLIMITED" and self.structured:
            return {"set": False, "infinite": True, "number": 0}
        seconds = time_limit_seconds(str(value))
        if seconds is None:
            raise refusal(f"{str(value)[:64]!a} is no time limit that slurmrestd takes")
        return self.count(max(1, math.ceil(seconds / 60)))


Put = Callable[[Step, Option], dict[str, Any]]


def refusal(words: str) -> SlurmRefusedError:
    """Return an error that says why a job is not even asked for."""
    return SlurmRefusedError(words)


def time_limit_seconds(text: str) -> float | None:
    """Read a time limit as sbatch(1) takes it: ``minutes``, ``minutes:seconds``, ``days-hours`` …; None for others."""
    days, dash, clock = text.rpartition("-")
    if not dash:
        return int(clock) * 60.0 if clock.isascii() and clock.isdigit() else read_duration(clock)
    parts = [*clock.split(":"), "0", "0"][:3]
    if not all(part.isascii() and part.isdigit() for part in (days, *parts)):
        return None
    hours, minutes, seconds = (int(part) for part in parts)
    return int(days) * 86400.0 + hours * 3600 + minutes * 60 + seconds


def megabytes(value: Option) -> int:
    """Return a size of memory in MiB, rounded up."""
    found = re.fullmatch(r"(\d{1,12})([KMGT]?)", str(value))
    if found is None:
        raise refusal(f"{str(value)[:64]!a} is no size of memory")
    return math.ceil(int(found[1]) * _MIB[found[2]])


def point_in_time(value: Option, now: float | None = None) -> int:
    """Return a begin time or a deadline in seconds since the epoch: ``now+2hours``, or a date in local time."""
    found = _BEGIN.fullmatch(str(value))
    if found:
        unit = (found[2] or "second").removesuffix("s")
        return int((time.time() if now is None else now) + int(found[1] or 0) * _UNITS[unit])
    try:
        return int(datetime.fromisoformat(str(value)).astimezone().timestamp())
    except ValueError:
        raise refusal(f"{str(value)[:64]!a} is no time that slurmrestd takes; write 2026-11-21T10:00:00") from None


def _named(name: str) -> Put:
    return lambda _, value: {name: value}


def _words(name: str) -> Put:
    return lambda _, value: {name: str(value)}


def _listed(name: str) -> Put:
    return lambda _, value: {name: str(value).split(",")}


def _nodes(step: Step, value: Option) -> dict[str, Any]:
    if step.structured:
        return {"nodes": str(value)}
    return {"nodes": [int(part) for part in str(value).split("-")]}


def _gres(value: Option) -> str:
    return ",".join(f"gres/{one.removeprefix('gres/').removeprefix('gres:')}" for one in str(value).split(","))


def _signal(_: Step, value: Option) -> dict[str, Any]:
    found = _SIGNAL.fullmatch(str(value))
    if found is None:
        raise refusal(f"{str(value)[:64]!a} is no signal")
    flags = [{"B": "BATCH_JOB", "R": "RESERVATION_JOB"}[letter] for letter in (found[1] or "").rstrip(":")]
    body: dict[str, Any] = {"kill_warning_signal": found[2]}
    if found[3]:
        body["kill_warning_delay"] = {"set": True, "infinite": False, "number": int(found[3])}
    return body | ({"kill_warning_flags": flags} if flags else {})


def _mail(_: Step, value: Option) -> dict[str, Any]:
    kinds: list[str] = []
    for word in str(value).upper().split(","):
        kinds += _ALL_MAIL if word == "ALL" else () if word == "NONE" else (_MAIL.get(word, word),)
    return {"mail_type": kinds}


def _exclusive_new(_: Step, value: Option) -> dict[str, Any]:
    return {"shared": ["none"]} if value else {}


_SAME: Final[Mapping[str, Put]] = {
    "account": _words("account"),
    "array": _words("array"),
    "comment": _words("comment"),
    "constraint": _words("constraints"),
    "cpus_per_task": _named("cpus_per_task"),
    "dependency": _words("dependency"),
    "hold": _named("hold"),
    "job_name": _words("name"),
    "licenses": _words("licenses"),
    "mail_user": _words("mail_user"),
    "memory": lambda step, value: {"memory_per_node": step.count(megabytes(value))},
    "memory_per_cpu": lambda step, value: {"memory_per_cpu": step.count(megabytes(value))},
    "nodes": _nodes,
    "partition": _words("partition"),
    "qos": _words("qos"),
    "requeue": _named("requeue"),
    "reservation": _words("reservation"),
    "tasks": _named("tasks"),
    "tasks_per_node": _named("tasks_per_node"),
    "time": lambda step, value: {"time_limit": step.minutes(value)},
    "time_limit": lambda step, value: {"time_limit": step.minutes(value)},
    "time_min": lambda step, value: {"time_minimum": step.minutes(value)},
    "wckey": _words("wckey"),
    "output": lambda step, value: {"standard_out" if step.number == 36 else "standard_output": value},  # noqa: PLR2004
    "error": _words("standard_error"),
}
_OLD: Final[Mapping[str, Put]] = {
    "begin": _words("begin_time"),  # 22.05 says it takes a number, and takes what sbatch does
    "deadline": _words("deadline"),
    "exclusive": lambda _, value: {"exclusive": "true"} if value else {},
    "cpus_per_gpu": _words("cpus_per_gpu"),
    "gpus": _words("gpus"),
    "gpus_per_node": _words("gpus_per_node"),
    "gpus_per_task": _words("gpus_per_task"),
    "gres": _words("gres"),
    "mail_type": _words("mail_type"),
    "memory_per_gpu": lambda _, value: {"memory_per_gpu": megabytes(value)},
    "nice": lambda step, value: {"nice": value if step.number == 38 else str(value)},  # noqa: PLR2004
    "open_mode": _words("open_mode"),
    "signal": _words("signal"),
}
_NEW: Final[Mapping[str, Put]] = {
    "array_throttle": lambda step, value: {"array_max_tasks": step.count(int(value))},
    "begin": lambda step, value: {"begin_time": step.count(point_in_time(value))},
    "deadline": lambda _, value: {"deadline": point_in_time(value)},
    "exclude": _listed("excluded_nodes"),
    "exclusive": _exclusive_new,
    "cpus_per_gpu": lambda _, value: {"cpus_per_tres": f"gres/gpu:{value}"},
    "gpus": lambda _, value: {"tres_per_job": f"gres/gpu:{value}"},
    "gpus_per_node": lambda _, value: {"tres_per_node": f"gres/gpu:{value}"},
    "gpus_per_task": lambda _, value: {"tres_per_task": f"gres/gpu:{value}"},
    "gres": lambda _, value: {"tres_per_node": _gres(value)},
    "mail_type": _mail,
    "memory_per_gpu": lambda _, value: {"memory_per_tres": f"gres/gpu:{megabytes(value)}"},
    "nice": _named("nice"),
    "nodelist": _listed("required_nodes"),
    "open_mode": lambda _, value: {"open_mode": [str(value).upper()]},
    "signal": _signal,
}
STEPS: Final[Mapping[str, Step]] = {f"0.0.{number}": Step(f"0.0.{number}") for number in range(36, 45)}
"""Every step we know, oldest first."""
_PATH: Final = re.compile(r"/slurm/v(0\.0\.\d{1,3})/")


def offered(specification: Mapping[str, Any]) -> set[str]:
    """Return the steps a specification (``/openapi``) has paths of."""
    paths = specification.get("paths")
    found = (_PATH.match(path) for path in paths) if isinstance(paths, Mapping) else ()
    return {match[1] for match in found if match}


def newest(there: set[str], allowed: tuple[str, ...] = ()) -> Step | None:
    """Return the newest step that is there, that we know, and that may be used; None if there is none."""
    fitting = [step for version, step in STEPS.items() if version in there and (not allowed or version in allowed)]
    return fitting[-1] if fitting else None
