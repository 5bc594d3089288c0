"""Actions as they are asked for and shown over HTTP: the same on the API and on the local socket."""

from __future__ import annotations

from typing import Annotated, Any, Self

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from headgate.actions.action import Action
from headgate.actions.caller import Caller
from headgate.actions.desk import MOST_WHY, Desk, described
from headgate.actions.registry import Result
from headgate.model.event import JSON
from headgate.model.right import Right

ActionName = Annotated[str, Path(alias="name", max_length=128, description="An action's name, or an alias of it.")]


class ActionCall(BaseModel):
    """A call of an action."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "parameters": {"to": ["slack:#ops"], "title": "Maintenance begins at noon"},
                    "why": "announced last week",
                    "dry_run": True,
                }
            ]
        },
    )

    parameters: dict[str, Any] = Field(default_factory=dict, description="As `GET /actions/{name}` describes them.")
    why: str = Field("", max_length=MOST_WHY, description="Why; it is written into the audit log.")
    dry_run: bool = Field(False, description="Whether to say only what would be done.")
    cluster: str = Field(
        "", max_length=64, description="Which cluster a `slurm.…` action is about; the default one if not given."
    )


class ShownResult(BaseModel):
    """What became of a call. With `ok` false it failed, or was done only in part; `error` and `result` say more."""

    action: str
    ok: bool
    dry_run: bool
    error: str | None
    result: Any

    @classmethod
    def of(cls, result: Result) -> Self:
        """Show a result."""
        return cls.model_validate(result.as_json())


class ShownAction(BaseModel):
    """An action. `parameters` and `result` are JSON Schemas."""

    name: str
    summary: str
    description: str
    role: str = Field(description="What it takes to call it: viewer, operator or admin.")
    mutating: bool = Field(description="Whether it changes something, has a dry run, and is in the audit log.")
    repeatable: bool = Field(description="Whether doing it twice is as good as once.")
    aliases: list[str]
    parameters: dict[str, Any]
    result: dict[str, Any]

    @classmethod
    def of(cls, action: Action[Any, Any]) -> Self:
        """Show an action."""
        return cls.model_validate(described(action))


def shown(desk: Desk, caller: Caller) -> list[ShownAction]:
    """Show every action that a caller may call. Raises NotPermittedError for somebody without a role."""
    caller.require(Right.SEE_ACTIONS)
    return [ShownAction.of(one) for one in desk.actions.catalogue if caller.may(one.role)]


async def called(desk: Desk, caller: Caller, name: str, call: ActionCall) -> ShownResult:
    """Run an action for a caller. Raises what ``Actions.run`` does."""
    given: dict[str, JSON] = call.parameters
    result = await desk.actions.run(name, given, caller, why=call.why, dry_run=call.dry_run, cluster=call.cluster)
    return ShownResult.of(result)
