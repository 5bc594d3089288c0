"""A place for rules to run in: a store, actions that say what was asked of them, a clock that tests move on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import Field

from headgate.actions.action import Action, Call, Parameters, action
from headgate.actions.catalogue import Catalogue
from headgate.actions.context import Context
from headgate.actions.registry import Actions
from headgate.config.slurm import SlurmSettings
from headgate.errors import NotFoundError, SlurmCommandError
from headgate.events.journal import Journal
from headgate.model.event import Event, EventKind, Source
from headgate.model.node import Node, NodeState, read_node_state
from headgate.model.role import Role
from headgate.rules.engine import EngineSettings, RuleEngine
from headgate.rules.matching import Names
from headgate.slurm.client import SlurmClient
from headgate.slurm.clusters import Clusters
from headgate.slurm.operator import SlurmOperator
from headgate.store import executions, journal
from headgate.store.executions import Execution, ExecutionFilter, Try
from headgate.store.journal import EventFilter
from headgate.store.store import Store

START = 1_800_000_000.0


class Note(Parameters):
    """Parameters of the made-up actions."""

    text: str = Field("", description="What to note.")
    nodes: tuple[str, ...] = Field((), description="Which nodes.")
    jobids: tuple[int, ...] = Field((), description="Which jobs.")
    number: int = Field(0, description="A number.")


@dataclass
class Site:
    """Everything around an engine."""

    store: Store
    directory: Path
    now: float = START
    calls: list[tuple[str, Note, Call]] = field(default_factory=list)
    failing: int = 0
    """How many calls of ``test.fail`` fail before one does not."""
    gate: asyncio.Event | None = None
    """Until it is set, ``test.slow`` and ``test.once`` are not over."""
    states: dict[str, str] = field(default_factory=dict)
    """The nodes of the default cluster, alpha."""
    beta: dict[str, str] = field(default_factory=dict)
    """The nodes of another one."""
    settle: float = 0.0
    written: int = 0
    engine: RuleEngine = field(init=False)

    def __post_init__(self) -> None:
        self.engine = self.new_engine()

    def new_engine(self) -> RuleEngine:
        """Make an engine, as a process that begins does."""
        settings = EngineSettings(self.directory, library=None, settle=self.settle, poll=0.05)
        names = Names({"trigger_sensor_ip": "10.0.0.1"}, {"room": "#ops"})
        alpha, beta = (SlurmOperator(SlurmClient(SlurmSettings(cluster=name))) for name in ("alpha", "beta"))
        clusters = Clusters(alpha, {"second": beta})
        context = Context(self.store, clusters=clusters, slurm=alpha)
        actions = Actions(context, Catalogue(self._actions()), clock=lambda: self.now)
        self.engine = RuleEngine(self.store, actions, settings, names, nodes=self._nodes, clock=lambda: self.now)
        return self.engine

    def rule(self, text: str, name: str = "r") -> None:
        """Write a rule file; ``enabled: true`` and a name are added."""
        (self.directory / f"{name}.yaml").write_text(f"name: {name}\nenabled: true\n{text}")

    async def event(
        self,
        kind: EventKind = EventKind.JOB_SUSPENDED,
        subject: str = "job 7",
        at: float | None = None,
        *,
        cluster: str = "alpha",
        **data: Any,
    ) -> int:
        """Write an event."""
        self.written += 1
        time = self.now if at is None else at
        fact = Event(f"{kind}:{subject}:{self.written}", kind, time, subject, Source.WATCHER, cluster, data=data)
        numbers = await self.store.write(lambda connection: Journal().append(connection, [fact]))
        return next(iter(numbers.values()))

    async def turn(self, seconds: float = 0.0) -> None:
        """Move the clock on, and let the engine do what there is to do."""
        self.now += seconds
        for _ in range(150):
            before = await self.all()
            while await self.engine.turn():
                pass
            await self.engine.rest()
            if await self.all() == before:
                return
        raise AssertionError("it never comes to rest")

    async def all(self) -> list[Execution]:
        """Return every execution."""
        return await self.store.read(lambda connection: executions.find(connection, ExecutionFilter(), limit=1000))

    async def states_of(self) -> list[str]:
        """Return the state of every execution."""
        return [one.state.value for one in await self.all()]

    async def notices(self) -> list[Event]:
        """Return the notices that somebody is to be told, in order."""
        found = await self.store.read(lambda connection: journal.find(connection, EventFilter(), limit=10_000))
        return [item.event for item in found if item.event.kind is EventKind.NOTICE_REQUESTED]

    async def tries(self, number: int) -> list[Try]:
        """Return the tries of an execution."""
        return await self.store.read(lambda connection: executions.tries_of(connection, number))

    def named(self) -> list[str]:
        """Return the actions that were called, in order."""
        return [name for name, _, _ in self.calls]

    async def _nodes(self, cluster: str) -> Sequence[Node]:
        if cluster not in ("", "alpha", "beta"):
            raise NotFoundError(f"there is no cluster {cluster!a}")
        states = self.beta if cluster == "beta" else self.states
        return [Node(name=name, state=_state(text), partitions=("all",)) for name, text in states.items()]

    def _actions(self) -> list[Action[Any, Any]]:  # noqa: C901 - one function for each action
        @action("test.note", role=Role.VIEWER)
        async def note(asked: Note, call: Call) -> dict[str, str]:
            """Note something."""
            self.calls.append(("test.note", asked, call))
            return {"noted": asked.text}

        @action("test.drain", role=Role.OPERATOR, mutating=True)
        async def drain(asked: Note, call: Call) -> dict[str, str]:
            """Drain."""
            self.calls.append(("test.drain", asked, call))
            self.states.update(dict.fromkeys(asked.nodes, "IDLE+DRAIN"))
            return {}

        @action("slurm.test.drain", role=Role.OPERATOR, mutating=True)
        async def drain_there(asked: Note, call: Call) -> dict[str, str]:
            """Drain, on the cluster that the call is about."""
            self.calls.append(("slurm.test.drain", asked, call))
            if self.gate is not None:
                await self.gate.wait()
            assert call.context.slurm is not None
            there = self.beta if await call.context.slurm.client.cluster_name() == "beta" else self.states
            there.update(dict.fromkeys(asked.nodes, "IDLE+DRAIN"))
            return {}

        @action("test.once", role=Role.OPERATOR, mutating=True, repeatable=False)
        async def once(asked: Note, call: Call) -> dict[str, str]:
            """Do what must not be done twice."""
            self.calls.append(("test.once", asked, call))
            if self.gate is not None:
                await self.gate.wait()
            return {}

        @action("test.slow", role=Role.VIEWER)
        async def slow(asked: Note, call: Call) -> dict[str, str]:
            """Take long."""
            self.calls.append(("test.slow", asked, call))
            if self.gate is not None:
                await self.gate.wait()
            return {}

        @action("test.fail", role=Role.VIEWER)
        async def fail(asked: Note, call: Call) -> dict[str, str]:
            """Fail."""
            self.calls.append(("test.fail", asked, call))
            self.failing -= 1
            if self.failing >= 0:
                raise SlurmCommandError("it failed")
            return {}

        @action("test.bug", role=Role.VIEWER)
        async def bug(asked: Note, call: Call) -> dict[str, str]:
            """Have a defect."""
            self.calls.append(("test.bug", asked, call))
            raise RuntimeError("secret")

        @action("test.again", role=Role.VIEWER)
        async def again(asked: Note, call: Call) -> dict[str, str]:
            """Bring about an event about the same thing as the one that began it."""
            self.calls.append(("test.again", asked, call))
            await self.event(EventKind(asked.text), f"job {asked.jobids[0]}", id=asked.jobids[0])
            return {}

        @action("notify.send", role=Role.OPERATOR, mutating=True)
        async def send(asked: Told, call: Call) -> dict[str, str]:
            """Tell."""
            self.calls.append(("notify.send", Note(text=f"{','.join(asked.to)}: {asked.title}; {asked.text}"), call))
            return {}

        return [note, drain, drain_there, once, slow, fail, bug, again, send]


class Told(Parameters):
    """Parameters of ``notify.send``, as far as tests look at them."""

    to: tuple[str, ...]
    title: str
    text: str = ""
    severity: str = ""
    about: str = ""


def _state(text: str) -> NodeState:
    state = read_node_state(text)
    assert state is not None
    return state
