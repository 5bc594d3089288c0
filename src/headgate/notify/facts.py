"""The facts and bars of a message about one job: what was asked for, and what was used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import tzinfo
from typing import Final

from headgate.model.job import Figures
from headgate.model.mail import MailKind, MailRequest
from headgate.model.message import Bar, Fact
from headgate.model.states import JobState
from headgate.model.text import one_line
from headgate.notify.situation import Situation
from headgate.notify.wording import (
    VALUE_LIMIT,
    moment,
    nodes_text,
    resource_amount,
    resource_label,
    share,
    signal_text,
    size,
    span,
)

_MAX_RESOURCES: Final = 16
_LIMIT_KINDS: Final = frozenset(
    {MailKind.TIME_LIMIT, MailKind.TIME_LIMIT_90, MailKind.TIME_LIMIT_80, MailKind.TIME_LIMIT_50}
)


def job_facts(known: Situation, request: MailRequest, figures: Figures | None, zone: tzinfo | None) -> tuple[Fact, ...]:
    """Return what is known, a fact each, in the order in which people look for it."""
    over = known.kind.final
    nodes = figures.nodes if figures and figures.nodes else request.nodes
    return known_facts(
        (
            ("Job", known.label),
            ("Name", known.name),
            *whose(known),
            ("Nodes", None if known.never_started else nodes_text(nodes, figures.node_count if figures else None)),
            *_given(known, figures),
            *_times(known, zone),
            *(_exit(known) if not known.never_started else ()),
            *(_used(figures) if over and not known.never_started else ()),
            ("Attempt", f"{known.restarts + 1}, after requeueing" if known.restarts > 0 else None),
            ("Work directory", known.work_dir),
            ("Comment", known.comment),
        )
    )


def known_facts(pairs: Iterable[tuple[str, str | None]]) -> tuple[Fact, ...]:
    """Return a fact for each pair that says something."""
    return tuple(
        Fact(label=label, value=one_line(value, VALUE_LIMIT)) for label, value in pairs if value and value.strip()
    )


def whose(known: Situation) -> Iterator[tuple[str, str | None]]:
    """Yield who asked for the job, and where."""
    yield "User", known.user
    yield "Account", known.account
    yield "Cluster", known.cluster
    yield "Partition", known.partition
    yield "QOS", known.qos


def _given(known: Situation, figures: Figures | None) -> Iterator[tuple[str, str | None]]:
    if figures is None:
        return
    asked = " asked for" if known.never_started else ""
    yield f"CPUs{asked}", str(figures.cpus) if figures.cpus > 0 else None
    if figures.memory_used is None or not known.kind.final or known.never_started:
        yield "Memory asked for", size(figures.memory_asked)
    for name, amount in resources(figures.tres):
        yield f"{name}{asked}", amount


def resources(tres: dict[str, int]) -> Iterator[tuple[str, str | None]]:
    """Yield the special resources; a total goes where its types say more (``gres/gpu`` beside ``gres/gpu:a100``)."""
    typed: dict[str, int] = {}
    for name, amount in tres.items():
        if ":" in name:
            typed[name.partition(":")[0]] = typed.get(name.partition(":")[0], 0) + amount
    told = [name for name in sorted(tres) if typed.get(name, -1) < tres[name]]
    for name in told[:_MAX_RESOURCES]:
        yield resource_label(name), resource_amount(name, tres[name])


def _times(known: Situation, zone: tzinfo | None) -> Iterator[tuple[str, str | None]]:
    yield "Submitted", moment(known.submitted, zone)
    yield "Started", moment(known.started, zone)
    yield "Ended", moment(known.ended, zone)
    yield "Waited", span(known.waited)
    ran, limit = span(known.elapsed), span(known.limit)
    if ran:
        yield "Ran", f"{ran} of {limit}" if limit else ran
    else:
        yield "Time limit", limit


def _exit(known: Situation) -> Iterator[tuple[str, str | None]]:
    # Zero means success only where the job ended by itself; Slurm also gives it to what it ended.
    said = known.exit_code is not None and (known.exit_code or known.state in (None, JobState.COMPLETED))
    yield "Exit code", str(known.exit_code) if said else None
    yield "Signal", signal_text(known.signal)


def _used(figures: Figures | None) -> Iterator[tuple[str, str | None]]:
    if figures is None:
        return
    used, given = span(figures.cpu_used), span(_cpu_given(figures))
    yield "CPU time", f"{used} of {given}" if used and given else used
    memory, asked = size(figures.memory_used), size(figures.memory_asked)
    yield "Memory", f"{memory} of {asked}" if memory and asked else memory
    yield "Read from disk", size(figures.disk_read)
    yield "Written to disk", size(figures.disk_written)


def job_bars(known: Situation, figures: Figures | None) -> tuple[Bar, ...]:
    """Return how much was used of what was given: CPU and memory of a job that is over, time wherever it is the point.

    Bars rest on complete figures only, so that none is ever too short.
    """
    bars: list[Bar | None] = []
    if known.kind.final and figures is not None and figures.complete and not known.never_started:
        bars.append(cpu_bar(figures.cpu_used, _cpu_given(figures)))
        bars.append(memory_bar(figures.memory_used, figures.memory_asked))
    if (known.kind.final and not known.never_started) or known.kind in _LIMIT_KINDS:
        bars.append(_time_bar(known))
    return tuple(found for found in bars if found)


def cpu_bar(used: float | None, given: float | None) -> Bar | None:
    """Return CPU time used of what the allocated CPUs could have given."""
    fraction, shown, whole = share(used, given), span(used), span(given)
    if fraction is None or not shown or not whole:
        return None
    return Bar(label="CPU", fraction=fraction, text=f"{shown} of {whole} of CPU time")


def memory_bar(used: int | None, asked: int | None) -> Bar | None:
    """Return the most memory used at once of the memory asked for."""
    fraction, shown, whole = share(used, asked), size(used), size(asked)
    if fraction is None or not shown or not whole:
        return None
    return Bar(label="Memory", fraction=fraction, text=f"{shown} of {whole}")


def _time_bar(known: Situation) -> Bar | None:
    fraction, shown, whole = share(known.elapsed, known.limit), span(known.elapsed), span(known.limit)
    if fraction is None or not shown or not whole:
        return None
    return Bar(label="Time", fraction=fraction, text=f"{shown} of {whole}")


def _cpu_given(figures: Figures) -> float | None:
    return figures.elapsed * figures.cpus if figures.elapsed > 0 and figures.cpus > 0 else None
