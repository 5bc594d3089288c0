"""Running one step of an execution: filling in its parameters, calling the action, and writing down what came of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import structlog
from sqlalchemy import Connection

from headgate.actions.action import Action
from headgate.actions.caller import rule as rule_caller
from headgate.actions.casting import cast
from headgate.actions.refusals import NotPermittedError, ParametersError
from headgate.actions.registry import Actions
from headgate.errors import HeadgateError, NotFoundError, StoreError
from headgate.model.event import JSON
from headgate.model.role import Role
from headgate.rules import metrics, rendering
from headgate.rules.course import Outcome, after_try
from headgate.rules.guards import GuardError, nodes_named
from headgate.rules.matching import Names
from headgate.rules.rule import Plan, Step
from headgate.rules.triggers import cluster_of
from headgate.store import executions, journal
from headgate.store.executions import Execution
from headgate.store.store import Store
from headgate.telemetry.context import about
from headgate.telemetry.spans import span

_log = structlog.get_logger(__name__)
_PAUSE: Final = 1.0
_OF_JOBS: Final = ("jobids", "jobid", "job_ids", "job_id", "jobs", "job")
"""Names of parameters that hold jobs' ids."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A step whose parameters are filled in. ``nodes``, ``jobs``: those it is about, as far as it says so."""

    execution: Execution
    plan: Plan
    step: Step
    parameters: dict[str, JSON]
    nodes: tuple[str, ...]
    jobs: tuple[int, ...] = ()

    @property
    def cluster(self) -> str:
        """The cluster it is about: that of the event; empty: the default one."""
        return cluster_of(self.execution.payload)

    @property
    def touches(self) -> tuple[str, ...]:
        """What it is about, as events name it."""
        return (*self.nodes, *(f"job {job}" for job in self.jobs))

    @property
    def first(self) -> bool:
        """Whether nothing of the execution was done yet."""
        return not self.execution.results and not self.execution.attempts


class NotReadyError(Exception):
    """A step's parameters cannot be filled in."""


class Runner:
    """Runs steps."""

    def __init__(self, store: Store, actions: Actions, names: Names, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._actions = actions
        self._names = names
        self._clock = clock

    def repeatable(self, ref: str) -> bool:
        """Say whether an action may be done twice; one that is not there any more may not."""
        return ref in self._actions.catalogue and self._actions.catalogue.get(ref).repeatable

    def ready(self, execution: Execution) -> Ready:
        """Fill in the parameters of the next step. Raises NotReadyError."""
        plan = Plan.model_validate_json(execution.plan)
        step = plan.step(execution.step)
        if step is None:
            raise NotReadyError(f"there is no step {execution.step}")
        names = self._names.of(execution.payload, execution.results)
        try:
            action = self._actions.catalogue.get(step.ref)
            filled = rendering.rendered(dict(step.parameters), names)
            parameters = fitted(action, filled if isinstance(filled, dict) else {})
            about = rendering.rendered(plan.nodes, names) if plan.nodes is not None else None
            nodes = nodes_named(about if about is not None else parameters.get("nodes", parameters.get("node")))
        except NotFoundError as error:
            raise NotReadyError(error.message) from error
        except (rendering.RenderingError, GuardError) as error:
            raise NotReadyError(f"the parameters of {step.name}: {error}") from error
        return Ready(execution, plan, step, parameters, tuple(nodes), _jobs(parameters))

    async def begin(self, ready: Ready) -> int | None:
        """Write that a step begins; None if somebody cancelled the execution in the meantime. Raises StoreError."""

        def work(connection: Connection) -> int | None:
            return executions.begin_try(
                connection,
                ready.execution,
                ref=ready.step.ref,
                parameters=ready.parameters,
                touches=ready.touches,
                now=self._clock(),
            )

        return await self._store.write(work)

    async def run(self, ready: Ready, number: int) -> None:
        """Run a step that has begun, and write down what came of it."""
        execution = ready.execution
        trace = await self._trace(execution.event_id)
        with (
            about(trace, execution=execution.id, rule=execution.rule),
            span(f"action {ready.step.ref}", headgate__rule=execution.rule, headgate__execution=execution.id) as told,
        ):
            outcome = await self._call(ready)
            if not outcome.ok:
                told.fail(outcome.state.value)
            await self._record(ready, number, outcome)

    async def _trace(self, event: int) -> str | None:
        """Return the trace of the event an execution is about; a log that lacks it is no reason not to act."""
        try:
            return (await self._store.read(lambda connection: journal.traces(connection, [event]))).get(event)
        except StoreError:
            return None

    async def _call(self, ready: Ready) -> Outcome:
        execution, step = ready.execution, ready.step
        caller = rule_caller(execution.rule, Role(execution.role), execution=f"execution {execution.id}")
        why = f"rule {execution.rule}, for {execution.subject}"
        # The same for every try: an action that can tell sees that it was done already.
        key = f"execution-{execution.id}-{step.name}-{_round(execution, step)}"
        try:
            result = await self._actions.run(
                step.ref, ready.parameters, caller, why=why, key=key, cluster=ready.cluster
            )
        except (ParametersError, NotPermittedError, NotFoundError) as error:
            return Outcome(ok=False, error=error.message, again=False)
        except HeadgateError as error:
            return Outcome(ok=False, error=error.message)
        except Exception as error:  # noqa: BLE001 - an action's defect must cost one step, not the service
            _log.error(
                "action.defect", action=step.ref, execution=execution.id, error=type(error).__name__, exc_info=error
            )
            return Outcome(ok=False, error=f"the action has a defect: {type(error).__name__}")
        return Outcome(result.ok, result.result, result.error)

    async def _record(self, ready: Ready, number: int, outcome: Outcome) -> None:
        """Write down what came of a step; a store that is away is waited for, for what was done was done."""
        execution = ready.execution

        def work(connection: Connection) -> None:
            now = self._clock()
            executions.end_try(
                connection, number, outcome.state, result=outcome.bounded(), error=outcome.error, now=now
            )
            to = after_try(execution, ready.plan, outcome, now)
            executions.change(connection, execution.id, execution.state.RUNNING, to)

        while True:
            try:
                await self._store.write(work)
            except StoreError as error:
                _log.error("execution.not_recorded", execution=execution.id, error=error.message)
                await asyncio.sleep(_PAUSE)
            else:
                break
        metrics.STEPS.labels(execution.rule, outcome.state.value).inc()
        report = _log.info if outcome.ok else _log.warning
        report(
            f"step.{outcome.state.value}",
            step=ready.step.name,
            action=ready.step.ref,
            error=outcome.error or None,
        )


def _round(execution: Execution, step: Step) -> int:
    """Return how often a step was done to its end before: a step that is come back to is another call."""
    before = execution.results.get(step.name)
    times = before.get("times", 0) if isinstance(before, dict) else 0
    return times if isinstance(times, int) else 0


def fitted(action: Action[Any, Any], filled: dict[str, JSON]) -> dict[str, JSON]:
    """Return filled-in parameters as the action declares them: texts become numbers and lists, and numbers texts."""
    declared = action.parameters_schema.get("properties", {})
    texts = {name: _text(declared.get(name, {}), value) for name, value in filled.items()}
    return {name: value for name, value in cast(action, texts).items() if not _left_out(declared, name, value)}


def _jobs(parameters: dict[str, JSON]) -> tuple[int, ...]:
    """Return the jobs that parameters name."""
    given = (parameters[name] for name in _OF_JOBS if name in parameters)
    listed = (one for value in given for one in (value if isinstance(value, list) else [value]))
    return tuple(int(one) for one in listed if isinstance(one, int) or (isinstance(one, str) and one.isdecimal()))


def _text(declared: Any, value: JSON) -> JSON:
    """Write a number as a text where only a text will do: that is what StackStorm's templates make of everything."""
    if isinstance(value, list):
        return [_text(declared.get("items", {}), one) for one in value]
    kinds = {kind.get("type") for kind in (declared, *declared.get("anyOf", ()))}
    if isinstance(value, int | float) and "string" in kinds and not kinds & {"integer", "number", "boolean"}:
        return str(value)
    return value


def _left_out(declared: Any, name: str, value: JSON) -> bool:
    """Say whether a null stands for a parameter that is not given: its schema has no null."""
    if value is not None:
        return False
    own = declared.get(name, {})
    kinds = [own, *own.get("anyOf", ())]
    return bool(own) and all(kind.get("type") not in (None, "null") or "anyOf" in kind for kind in kinds)
