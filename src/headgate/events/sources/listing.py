"""The sources of events: which there are, which are switched on, and how each stands."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass

from headgate.config.settings import Settings
from headgate.store.standings import Stored

_FORGOTTEN = 30 * 86400.0
"""Seconds after which a service that wrote nothing any more is not shown."""
_LATE = 60.0
"""Seconds by which a source that looks regularly may be late before that is called wrong."""


@dataclass(frozen=True, slots=True)
class Configured:
    """A source as the configuration has it. ``every``: seconds between two looks, None if it only waits."""

    name: str
    what: str
    on: bool
    every: float | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A source, and how it stands in one service; ``host`` is empty where no service ever said so."""

    name: str
    what: str
    on: bool
    host: str
    seen_at: float | None
    problem: str

    def as_json(self) -> dict[str, object]:
        """Return it as JSON."""
        return asdict(self)


def configured(settings: Settings) -> list[Configured]:
    """Return every source there is."""
    parts = set(settings.service.parts)
    push = settings.push if "push" in parts else None
    by_program = push is not None and push.path is not None
    listens = push is not None and push.address is not None
    return [
        Configured("mail", "mails that Slurm hands over", "mail" in parts),
        *_watchers(settings),
        Configured("hints", "the socket for our program", by_program),
        Configured("triggers", "our program, run by triggers", by_program),
        Configured("epilog", "our program, as EpilogSlurmctld", by_program),
        Configured("listener", "the address for posts", listens),
        Configured("jobcomp", "finished jobs, posted by slurmctld", listens),
        Configured("sensor", "triggers set for StackStorm", listens and push is not None and push.sensor),
        *_forges(settings),
    ]


def _watchers(settings: Settings) -> Iterator[Configured]:
    jobs = "watcher" in settings.service.parts and settings.watcher.enabled
    nodes = "nodes" in settings.service.parts and settings.nodes.enabled
    for name in ("", *settings.clusters):
        yield Configured(f"watcher {name}".strip(), "the queue", jobs, settings.watcher.interval)
        yield Configured(f"nodes {name}".strip(), "the nodes", nodes, settings.nodes.interval)
        outages = settings.nodes.outages_interval + settings.nodes.interval
        yield Configured(f"outages {name}".strip(), "what slurmdbd keeps of nodes", nodes, outages)


def _forges(settings: Settings) -> Iterator[Configured]:
    listens, looks = ("http" in settings.service.parts, "builds" in settings.service.parts)
    for name, own in settings.builds.forges.items():
        yield Configured(f"webhook {name}", "what the forge posts, or a relay brings", listens)
        yield Configured(f"catch-up {name}", "what webhooks did not tell", looks, own.catch_up)
        if own.kind == "github" and own.relay is not None:
            yield Configured(f"relay {name}", "the channel of a relay", looks)


def as_listed(sources: Iterable[Configured], found: Sequence[Stored], now: float | None = None) -> list[Listed]:
    """Return every source, once for each service that said how it stands. ``now``: seconds since the epoch."""
    now = time.time() if now is None else now
    listed = []
    for source in sources:
        told = [one for one in found if one.name == source.name and now - one.written_at < _FORGOTTEN]
        if source.every is not None and len(told) > 1:
            told = [max(told, key=lambda one: one.seen_at or 0.0)]  # only one service at a time does the looking
        listed += [
            Listed(source.name, source.what, source.on, one.host, one.seen_at, _problem(source, one, now))
            for one in told
        ] or [Listed(source.name, source.what, source.on, "", None, "")]
    return listed


def _problem(source: Configured, told: Stored, now: float) -> str:
    if not source.on:
        return ""
    late = source.every is not None and told.seen_at is not None and now - told.seen_at > source.every * 3 + _LATE
    if told.problem or not late:
        return told.problem
    return "it has not looked for long: does the service run?"
