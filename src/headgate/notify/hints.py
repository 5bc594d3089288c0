"""Advice: where a job's request and its use are far apart, said in the site's words.

A hint is silent when a figure it rests on is not known, when accounting is not complete, when the job was too short to
judge, or when it failed for another reason (how much of its request such a job used says nothing).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from headgate.config.notify import HintSettings
from headgate.model.durations import slurm_duration
from headgate.model.job import Figures
from headgate.model.states import JobState
from headgate.model.text import one_line
from headgate.notify.wording import known_seconds, percent, share, size, span

N = TypeVar("N", int, float)
V = TypeVar("V")

HINT_LIMIT: Final = 800
"""Characters of one hint."""
_MARGIN: Final = 1.25
"""How much more than was used an advised request leaves."""
_ROUND_UP: Final = ((600, 60), (7200, 300), (86400, 1800), (math.inf, 3600))
"""Advised times are rounded up: below so many seconds, to multiples of so many."""
_MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Use:
    """What was asked for and used, by one job or by the tasks of an array taken together; None is unknown."""

    states: frozenset[JobState]
    complete: bool
    elapsed: float | None
    """The longest run."""
    limit: float | None
    cpus: int
    cpu_used: float | None
    cpu_given: float | None
    memory_asked: int | None
    memory_used: int | None
    """The most that one job or task used."""
    qos: str = ""
    partition: str = ""


def use_of(tasks: Sequence[Figures]) -> Use | None:
    """Return the use of a job, or of tasks together: sums of CPU time, the largest of everything else.

    What the tasks asked for counts as known only if all asked for the same. None if there are no figures.
    """
    ran = [task for task in tasks if task.started is not None]
    if not ran:
        return None
    return Use(
        states=frozenset(task.state for task in ran),
        complete=all(task.complete for task in ran),
        elapsed=_largest([known_seconds(task.elapsed) for task in ran]),
        limit=_same([known_seconds(task.time_limit) for task in ran]),
        cpus=_same([task.cpus for task in ran]) or 0,
        cpu_used=_sum([known_seconds(task.cpu_used) for task in ran]),
        cpu_given=_sum([known_seconds(task.elapsed * task.cpus) for task in ran]),
        memory_asked=_same([task.memory_asked for task in ran]),
        memory_used=_largest([task.memory_used for task in ran]),
        qos=_same([task.qos for task in ran]) or "",
        partition=_same([task.partition for task in ran]) or "",
    )


def hints_for(use: Use | None, settings: HintSettings) -> tuple[str, ...]:
    """Return the advice for a job that is over, most important first."""
    if use is None or not settings.enabled:
        return ()
    return tuple(one_line(hint, HINT_LIMIT) for hint in _hints(use, settings) if hint)


def _hints(use: Use, settings: HintSettings) -> Iterator[str]:
    if JobState.OUT_OF_MEMORY in use.states:
        yield _fill(settings.out_of_memory_text, _figures_of_memory(use))
    if JobState.TIMEOUT in use.states:
        yield _timeout_hint(use, settings)
    if not use.complete or use.elapsed is None or use.elapsed < settings.min_elapsed:
        return
    if use.states <= {JobState.COMPLETED, JobState.TIMEOUT}:
        yield _cores_hint(use, settings)
        yield _memory_hint(use, settings)
    if use.states == {JobState.COMPLETED}:
        yield _walltime_hint(use, settings)
        yield _qos_hint(use, settings)


def _timeout_hint(use: Use, settings: HintSettings) -> str:
    values = {"asked": span(use.limit), "qos": use.qos or None, "partition": use.partition or None}
    hint = _fill(settings.timeout_text, values)
    here = settings.qos_limits.get(use.qos)
    if hint and use.limit is not None and here is not None and here <= use.limit:
        other = _qos(settings.qos_limits, lambda limit: limit > here)
        more = other and _fill(settings.timeout_qos_text, values | other)
        hint = f"{hint} {more}" if more else hint
    return hint


def _memory_hint(use: Use, settings: HintSettings) -> str:
    fraction = share(use.memory_used, use.memory_asked)
    if fraction is None or not use.memory_used or use.memory_asked is None:
        return ""
    if fraction >= settings.memory_fraction or use.memory_asked <= settings.memory_floor_mib * _MIB:
        return ""
    return _fill(settings.memory_text, _figures_of_memory(use))


def _figures_of_memory(use: Use) -> dict[str, str | None]:
    fraction = share(use.memory_used, use.memory_asked)
    return {
        "asked": size(use.memory_asked),
        "used": size(use.memory_used),
        "percent": None if fraction is None else percent(fraction),
        "enough": None if use.memory_used is None else size(use.memory_used * 5 // 4),
        "partition": use.partition or None,
    }


def _cores_hint(use: Use, settings: HintSettings) -> str:
    fraction = share(use.cpu_used, use.cpu_given)
    if fraction is None or use.cpus <= 1 or fraction >= settings.cores_fraction:
        return ""
    busy = f"{max(fraction * use.cpus, 0.1):.1f}".removesuffix(".0")
    return _fill(settings.cores_text, {"asked": str(use.cpus), "used": busy, "percent": percent(fraction)})


def _walltime_hint(use: Use, settings: HintSettings) -> str:
    fraction = share(use.elapsed, use.limit)
    if fraction is None or use.elapsed is None or use.limit is None or fraction >= settings.walltime_fraction:
        return ""
    enough = _rounded_up(use.elapsed * _MARGIN)
    if enough >= use.limit:
        return ""
    values = {"asked": span(use.limit), "used": span(use.elapsed), "percent": percent(fraction)}
    return _fill(settings.walltime_text, values | {"enough": slurm_duration(enough)})


def _qos_hint(use: Use, settings: HintSettings) -> str:
    fraction = share(use.elapsed, use.limit)
    here = settings.qos_limits.get(use.qos)
    if here is None or fraction is None or use.elapsed is None or fraction >= settings.walltime_fraction:
        return ""
    needed = use.elapsed * _MARGIN
    other = _qos(settings.qos_limits, lambda limit: needed <= limit < here)
    if other is None:
        return ""
    return _fill(
        settings.qos_text, {"asked": span(use.limit), "used": span(use.elapsed), "qos": use.qos or None} | other
    )


def _qos(limits: Mapping[str, int], fits: Callable[[int], bool]) -> dict[str, str | None] | None:
    """Return the QOS with the smallest limit that fits, for a text; None if there is none."""
    fitting = sorted((limit, name) for name, limit in limits.items() if fits(limit))
    return {"other_qos": fitting[0][1], "other_limit": span(fitting[0][0])} if fitting else None


def _fill(template: str, values: Mapping[str, str | None]) -> str:
    """Return the template with its figures; nothing if one of them is not known."""
    try:
        return template.format_map({name: value for name, value in values.items() if value is not None})
    except KeyError:
        return ""


def _rounded_up(seconds: float) -> int:
    step = next(step for below, step in _ROUND_UP if seconds < below)
    return math.ceil(seconds / step) * step


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _largest(values: Sequence[N | None]) -> N | None:
    known = [value for value in values if value is not None]
    return max(known) if len(known) == len(values) else None


def _same(values: Sequence[V | None]) -> V | None:
    """Return the value if all are the same."""
    return values[0] if values and all(value == values[0] for value in values) else None
