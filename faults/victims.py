"""Killing one part of the system with SIGKILL, and starting it again as systemd would."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from faults.senders import HandOffs
from faults.service import Service
from faults.site import Site
from headgate.testing.cluster import process as processes

_PAUSE: Final = (0.3, 2.0)
"""Seconds between a kill and the start that follows, at least and at most; and between work and a kill."""
_AT_WORK: Final = 0.75
"""Share of the kills that hit somebody at work."""
_PATIENCE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Victim:
    """A part that can be killed. ``kill`` says whether it was there; ``revive`` starts it again, if somebody has to."""

    name: str
    kill: Callable[[], bool]
    revive: Callable[[], None]
    sends: bool = False
    """Whether a message may come twice: one mail may be between the mail server's yes and its record."""
    works: Callable[[], bool] = lambda: True
    """Says whether it works again since it was started last."""


def victims(site: Site, hand_offs: HandOffs) -> list[Victim]:
    """Return every part that can be killed."""
    return [
        *(_service(f"service {name}", site.services[name]) for name in "ab"),
        _service("worker w", site.services["w"]),
        *(_executor(name, site.services[name]) for name in "ab"),
        Victim("hand-off", hand_offs.kill_one, _nobody),
        Victim("postgres backend", lambda: _backend(site), _nobody),
        *(_daemon(site, name) for name in ("slurmctld", "slurmdbd")),
    ]


def drawn(among: list[Victim], kills: int, chance: random.Random) -> list[Victim]:
    """Return whom to kill, in order: everybody about as often."""
    order: list[Victim] = []
    while len(order) < kills:
        order += chance.sample(among, len(among))
    return order[:kills]


def strike(victim: Victim, chance: random.Random, keep_up: Callable[[], None]) -> bool:
    """Kill a victim and start it again after a moment; say whether it was there.

    Most are killed when they work again, since on a busy machine nothing would ever run; some while they still start.
    ``keep_up``: starts what ended by itself.
    """
    keep_up()
    if chance.random() < _AT_WORK:
        deadline = time.monotonic() + _PATIENCE
        while not victim.works() and time.monotonic() < deadline:
            time.sleep(0.1)
            keep_up()
        time.sleep(chance.uniform(*_PAUSE))
    deadline = time.monotonic() + 2.0
    while not (hit := victim.kill()) and time.monotonic() < deadline:
        time.sleep(0.002)  # a hand-off is there for some milliseconds only
    time.sleep(chance.uniform(*_PAUSE))
    victim.revive()
    return hit


def _service(name: str, service: Service) -> Victim:
    def kill() -> bool:
        runs = service.runs
        service.kill()
        return runs

    return Victim(name, kill, service.start_service, sends=True, works=lambda: service.works)


def _executor(name: str, service: Service) -> Victim:
    executor = service.executor
    assert executor is not None

    def kill() -> bool:
        executor.kill()
        return True

    def revive() -> None:
        with service.host.inside():
            executor.start()

    return Victim(f"executor {name}", kill, revive)


def _backend(site: Site) -> bool:
    """Kill a server process of PostgreSQL: it then ends all others, and recovers, as after a crash."""
    found = site.backends()
    return bool(found) and processes.send(found[0], signal.SIGKILL)


def _daemon(site: Site, name: str) -> Victim:
    head = site.host("head")

    def kill() -> bool:
        with head.inside():
            site.cluster.kill(name)
        return True

    def revive() -> None:
        with head.inside():
            site.cluster.start(name)

    return Victim(name, kill, revive)


def _nobody() -> None:
    """Nobody has to start it again."""
