"""The engine: follows the journal, begins executions, and takes each from step to step.

Exactly one runs on a store (``service/roles.py``). All it knows is in the store: it may be killed at any time, and goes
on where it was. A step is written down before it begins; one that was begun and not ended is done again if its action
may be repeated, and asks somebody if not.
"""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import Connection

from headgate.actions.registry import Actions
from headgate.errors import StoreError
from headgate.model.execution import ExecutionState, TryState
from headgate.model.role import Role
from headgate.rules import metrics
from headgate.rules.admission import Admission, AskNodes, Held
from headgate.rules.asking import Asking
from headgate.rules.course import over
from headgate.rules.files import LIBRARY, Complaint, Loaded, load, signature
from headgate.rules.following import Followed, Follower, LoopBound
from headgate.rules.matching import Names
from headgate.rules.reading import JournalReader
from headgate.rules.rule import Rule
from headgate.rules.running import NotReadyError, Runner
from headgate.rules.under_way import UnderWay
from headgate.store import executions, rules
from headgate.store.executions import Change, Execution
from headgate.store.signals import Topic
from headgate.store.store import Store

_log = structlog.get_logger(__name__)
_BATCH: Final = 200
_PAUSE: Final = 1.0


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """How the engine works. Times in seconds.

    ``settle``: how long after its start it lets no state count as having lasted, so that the watchers can first write
    what happened while nobody looked. ``concurrency``: steps at a time.
    """

    directory: Path | None = None
    library: Path | None = LIBRARY
    poll: float = 1.0
    settle: float = 60.0
    concurrency: int = 8
    loops: LoopBound = field(default_factory=LoopBound)
    most: Role = Role.ADMIN
    """The role that no rule goes beyond."""


class RuleEngine:
    """Runs rules until it is stopped."""

    def __init__(
        self,
        store: Store,
        actions: Actions,
        settings: EngineSettings,
        names: Names,
        *,
        nodes: AskNodes | None = None,
        complaint: Complaint | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._complaint = complaint
        self._runner = Runner(store, actions, names, clock)
        self._admission = Admission(store, actions, nodes, clock)
        self._asking = Asking(actions, clock)
        self._follower = Follower(names, settings.loops, clock, settings.most)
        self._reader = JournalReader(store, clock)
        self._loaded = Loaded()
        self._signature: object = None
        self._started = clock()
        self._recovered = False
        self._under_way: UnderWay[int] = UnderWay()
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Ask ``run`` to end."""
        self._stopping.set()
        self._store.signals.ring(Topic.EXECUTIONS)

    async def run(self) -> None:
        """Follow the journal and run steps until ``stop``."""
        bell = self._store.bell(Topic.EVENTS, Topic.EXECUTIONS)
        try:
            while not self._stopping.is_set():
                try:
                    more = await self.turn()
                except StoreError as error:
                    _log.error("rules.store", error=error.message)
                    await asyncio.sleep(_PAUSE)
                    continue
                if not more:
                    await bell.wait(self._settings.poll)
        finally:
            await self._under_way.end()

    async def turn(self) -> bool:
        """Read the files if they changed, follow the journal, and look at what is due; say whether there may be more.

        Raises StoreError.
        """
        await self._load()
        if not self._recovered:
            await self._recover()
            self._recovered = True
        more = await self.follow()
        if not more:  # no state has lasted before everything that may have ended it was read
            await self.advance()
        self._under_way.forget_ended()
        return more

    async def rest(self) -> None:
        """Wait until every step that has begun is over."""
        await self._under_way.rest()

    async def follow(self) -> bool:
        """Follow the events that are new; say whether there may be more. Raises StoreError."""
        batch = await self._reader.next(_BATCH)
        if not batch.events:
            return False
        on = await self._rules_on()
        compared = await asyncio.to_thread(self._follower.matches, on, batch.events)

        def work(connection: Connection) -> Followed:
            followed = self._follower.follow(connection, compared)
            batch.keep(connection)
            return followed

        await self._store.write(work)
        self._reader.done(batch)
        return batch.more

    async def advance(self) -> None:
        """Look at every execution that is due. Raises StoreError."""
        now = self._clock()
        for execution in await self._store.read(lambda connection: executions.due(connection, now, _BATCH)):
            if len(self._under_way) >= self._settings.concurrency:
                return
            match execution.state:
                case ExecutionState.HOLDING:
                    await self._lasted(execution, now)
                case ExecutionState.APPROVAL:
                    reason = "nobody approved it in time"
                    await self._change(execution, over(ExecutionState.CANCELLED, reason, now))
                case _:
                    await self._go_on(execution)

    async def _rules_on(self) -> list[Rule]:
        decided = await self._store.read(rules.decisions)
        return [
            rule
            for ref, rule in self._loaded.rules.items()
            if (decided[ref].is_on(rule.enabled) if ref in decided else rule.enabled)
        ]

    async def _load(self) -> None:
        """Read the rule files again if they changed: all of them at once, or none."""
        directory, library = self._settings.directory, self._settings.library
        found = await asyncio.to_thread(signature, directory)
        if self._signature == found:
            return
        self._loaded = await asyncio.to_thread(load, directory, self._complaint, library=library)
        self._signature = found
        metrics.PROBLEMS.set(len(self._loaded.problems))
        for problem in self._loaded.problems:
            _log.error("rule.wrong", problem=str(problem))
        _log.info("rules.read", rules=len(self._loaded.rules), wrong=len(self._loaded.problems))

    async def _recover(self) -> None:
        """Decide about every step that a process before this one left in the middle."""
        left = await self._store.read(lambda connection: executions.in_state(connection, ExecutionState.RUNNING))
        for execution in left:
            await self._store.write(functools.partial(self._interrupted, execution=execution))
        for state in (ExecutionState.APPROVAL, ExecutionState.ASKING):
            for execution in await self._store.read(functools.partial(executions.in_state, state=state)):
                self._tell(execution)  # told twice is told once: the key is the same

    def _interrupted(self, connection: Connection, execution: Execution) -> None:
        now = self._clock()
        tries = [one for one in executions.tries_of(connection, execution.id) if one.state is TryState.RUNNING]
        for one in tries:
            error = "Headgate ended in the middle of it"
            executions.end_try(connection, one.id, TryState.INTERRUPTED, result=None, error=error, now=now)
        ref = tries[-1].ref if tries else ""
        if tries and not self._runner.repeatable(ref):
            reason = (
                f"Headgate ended in the middle of {execution.step} ({ref}), which is not done twice unasked: look what "
                "came of it, then approve (do it again) or refuse"
            )
            to = Change(ExecutionState.ASKING, reason)
        else:
            to = Change(
                ExecutionState.WAITING, f"{execution.step} is done again: Headgate ended in the middle of it", now
            )
        executions.change(connection, execution.id, ExecutionState.RUNNING, to)
        _log.warning("execution.interrupted", execution=execution.id, rule=execution.rule, state=to.state.value)

    async def _lasted(self, execution: Execution, now: float) -> None:
        """Let an execution go on whose state has lasted; not before what was missed has been found."""
        ready = self._started + self._settings.settle
        if now < ready:
            await self._change(execution, Change(ExecutionState.HOLDING, execution.reason, ready))
        else:
            await self._change(execution, Change(ExecutionState.WAITING, "", now))

    async def _go_on(self, execution: Execution) -> None:
        """Take an execution to its next step, unless something keeps it from that."""
        try:
            ready = self._runner.ready(execution)
        except NotReadyError as error:
            await self._change(execution, over(ExecutionState.FAILED, str(error), self._clock()))
            return
        held = await self._admission.ask(ready)
        if held is not None:
            await self._hold(execution, held)
            return
        number = await self._runner.begin(ready)
        if number is None:
            return
        task = asyncio.create_task(self._runner.run(ready, number), name=f"execution {execution.id}")
        self._under_way.add(execution.id, task)
        task.add_done_callback(lambda _: self._store.signals.ring(Topic.EXECUTIONS))
        if ready.first:
            metrics.EXECUTIONS.labels(execution.rule).inc()

    async def _hold(self, execution: Execution, held: Held) -> None:
        await self._change(execution, held.change)
        if held.change.state is ExecutionState.APPROVAL:
            self._tell(replace(execution, state=held.change.state, reason=held.change.reason))

    def _tell(self, execution: Execution) -> None:
        asking = asyncio.create_task(self._asking.tell(execution), name=f"approval {execution.id}")
        self._under_way.add(-execution.id, asking)

    async def _change(self, execution: Execution, to: Change) -> None:
        await self._store.write(lambda connection: executions.change(connection, execution.id, execution.state, to))
