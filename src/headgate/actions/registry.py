"""Running actions: the one way from a name and parameters to a result, whoever asks."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog
from prometheus_client import Counter
from pydantic import ValidationError
from sqlalchemy import Connection

from headgate.actions.action import Action, Call, Parameters
from headgate.actions.caller import Caller
from headgate.actions.catalogue import CATALOGUE, Catalogue
from headgate.actions.context import Context
from headgate.actions.refusals import FailedError, NotPermittedError, ParametersError, PartlyFailedError
from headgate.errors import HeadgateError, StoreError
from headgate.model.event import JSON
from headgate.store import audit

_log = structlog.get_logger(__name__)
_MOST_MISTAKES: Final = 10
CALLS = Counter("headgate_actions", "Calls of actions, by how they ended.", ["action", "caller", "outcome"])
BEGUN: Final = "begun"
"""The outcome in the audit log of what was begun; if it stays, Headgate died in the middle of it."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a call. Without ``ok`` it failed, or was done only in part: ``error`` and ``result`` say more."""

    action: str
    ok: bool
    result: JSON
    error: str = ""
    dry_run: bool = False
    transient: bool = False
    """Whether the same may work later, if it was not ``ok``."""
    partly: bool = False
    """Whether some of it was done, if it was not ``ok``."""

    def as_json(self) -> dict[str, JSON]:
        """Return it as programs get it."""
        return {
            "action": self.action,
            "ok": self.ok,
            "dry_run": self.dry_run,
            "error": self.error or None,
            "result": self.result,
        }


class Actions:
    """Runs actions."""

    def __init__(
        self, context: Context, catalogue: Catalogue = CATALOGUE, *, clock: Callable[[], float] = time.time
    ) -> None:
        self.catalogue = catalogue
        self.context = context
        self._clock = clock

    async def run(
        self,
        name: str,
        parameters: Mapping[str, JSON],
        caller: Caller,
        *,
        why: str = "",
        dry_run: bool = False,
        key: str = "",
        cluster: str = "",
    ) -> Result:
        """Run an action; return what became of it. What fails as a whole raises.

        ``parameters`` are JSON of the declared types (``casting.cast`` makes them of texts). ``why``: for the audit
        log. ``dry_run`` makes no difference to actions that change nothing. ``key``: see ``Call``. ``cluster``: for
        an action about a cluster, which one; empty: the default one.

        Raises NotFoundError, NotPermittedError and ParametersError before anything was done, and whatever HeadgateError
        the action ends in.
        """
        action = self.catalogue.get(name)
        if not caller.may(action.role):
            CALLS.labels(action.name, caller.kind.value, "refused").inc()
            await self._note(action, caller, why, "refused")
            raise NotPermittedError(f"{action.name} takes the role {action.role.value}, and {caller.name} has it not")
        asked = read_parameters(action, parameters)
        cluster = cluster if action.on_cluster else ""
        context = await self.context.at(cluster)
        call = Call(context, caller, why, dry_run and action.mutating, key)
        number = None
        if action.mutating and not dry_run:
            where = f"on {cluster}" if cluster else ""
            number = await self._note(action, caller, why, BEGUN, subject=parameters_shown(asked), where=where)
        outcome, error = "interrupted", ""
        try:
            result = await self._run(action, asked, call)
            outcome, error = "done" if result.ok else "partly failed" if result.partly else "failed", result.error
        except HeadgateError as failure:
            refused = isinstance(failure, NotPermittedError | ParametersError)
            outcome, error = "refused" if refused else "failed", failure.message
            raise
        finally:
            outcome_told = "tried" if call.dry_run else outcome
            CALLS.labels(action.name, caller.kind.value, outcome_told).inc()
            report = _log.info if action.mutating else _log.debug  # some are asked every few seconds
            report("action.called", action=action.name, caller=caller.kind.value, outcome=outcome_told)
            if number is not None:
                await self._finish(number, outcome, error)
        return result

    async def _run(self, action: Action[Any, Any], asked: Parameters, call: Call) -> Result:
        try:
            value = action.as_json(await action.work(asked, call))
        except FailedError as failure:
            value, partly = action.as_json(failure.result), isinstance(failure, PartlyFailedError)
            return Result(action.name, False, value, failure.message, call.dry_run, failure.transient, partly)
        return Result(action.name, True, value, dry_run=call.dry_run)

    async def _note(
        self,
        action: Action[Any, Any],
        caller: Caller,
        why: str,
        outcome: str,
        *,
        subject: str = "",
        where: str = "",
    ) -> int:
        """Write into the audit log who wants what; return the entry's number."""
        known = (*caller.noted(why), where)

        def work(connection: Connection) -> int:
            return audit.record(
                connection,
                user=caller.user,
                via=caller.via,
                action=action.name,
                subject=subject,
                outcome=outcome,
                detail="; ".join(part for part in known if part),
                now=self._clock(),
            )

        return await self.context.store.write(work)

    async def _finish(self, number: int, outcome: str, error: str) -> None:
        """Write into the audit log what became of it. It was done, even if that cannot be written."""
        try:
            await self.context.store.write(lambda connection: audit.finish(connection, number, outcome, error))
        except StoreError as failure:
            _log.error("action.not_recorded", entry=number, outcome=outcome, error=failure.message)


def read_parameters(action: Action[Any, Any], given: Mapping[str, JSON]) -> Parameters:
    """Return an action's parameters, typed. Raises ParametersError, which never shows values."""
    try:
        text = json.dumps(dict(given), allow_nan=False)
        read: Parameters = action.parameters.model_validate_json(text)
    except ValidationError as error:
        raise ParametersError(f"{action.name}: {_mistakes(error)}") from error
    except (TypeError, ValueError, RecursionError) as error:
        raise ParametersError(f"{action.name}: the parameters are no JSON") from error
    return read


def parameters_shown(asked: Parameters) -> str:
    """Return in one line the parameters that were given, with secrets hidden."""
    given = asked.model_dump(mode="json", exclude_unset=True)
    return " ".join(f"{name}={_short(value)}" for name, value in given.items())


def _mistakes(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False, include_context=False)
    parts = [f"{'.'.join(str(part) for part in one['loc']) or 'parameters'}: {one['msg']}" for one in found]
    return "; ".join(parts[:_MOST_MISTAKES])


def _short(value: JSON) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
