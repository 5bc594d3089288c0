"""What an action is: a typed function with a name.

::

    class PingParameters(Parameters):
        timeout: float = Field(5, description="Seconds to wait for an answer.")

    @action("slurm.ping", role=Role.VIEWER)
    async def ping(asked: PingParameters, call: Call) -> dict[str, bool]:
        \"\"\"Say which controllers answer.

        More about it, for the reference.
        \"\"\"

The first line of the docstring is the summary; the types of ``asked`` and of what is returned become JSON schemas.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter

from headgate.actions.caller import Caller
from headgate.actions.context import Context
from headgate.model.event import JSON
from headgate.model.role import Role


class Parameters(BaseModel):
    """Parameters of an action. Every field has a description; a secret one is a ``SecretStr``.

    They are read as JSON, strictly: a text is no number, and a key that is not there is a mistake.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class Answer(BaseModel):
    """Result of an action that has several parts. The string under a field describes it."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class NoParameters(Parameters):
    """Of an action that takes none."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an action: what it works with, and who wants it.

    With ``dry_run`` a mutating action changes nothing, and answers what it would do. ``key``: the same for every try of
    the same call, so that an action can see that it was done already; empty if the caller has none.
    """

    context: Context
    caller: Caller
    why: str = ""
    dry_run: bool = False
    key: str = ""


P = TypeVar("P", bound=Parameters)
R = TypeVar("R")
Work = Callable[[P, Call], Awaitable[R]]


@dataclass(frozen=True)
class Action(Generic[P, R]):
    """An action. Made by ``@action``."""

    name: str
    """Such as ``slurm.node.drain``."""
    work: Work[P, R]
    parameters: type[P]
    result: TypeAdapter[R]
    role: Role
    """What it takes to call it."""
    mutating: bool
    """Whether it changes something. Then it has a dry run, and calls are in the audit log."""
    repeatable: bool
    """Whether doing it twice is as good as once. If not, a crash in the middle of it asks somebody."""
    aliases: tuple[str, ...] = ()
    """Further names."""

    @property
    def on_cluster(self) -> bool:
        """Whether it is about a cluster: those whose names begin so are."""
        return self.name.startswith("slurm.")

    @property
    def summary(self) -> str:
        """What it does, in one sentence."""
        return self.description.partition("\n")[0]

    @cached_property
    def description(self) -> str:
        """What it does: the docstring."""
        return inspect.getdoc(self.work) or ""

    @cached_property
    def parameters_schema(self) -> Mapping[str, Any]:
        """The JSON schema of the parameters."""
        return self.parameters.model_json_schema()

    @cached_property
    def result_schema(self) -> Mapping[str, Any]:
        """The JSON schema of the result."""
        return self.result.json_schema(mode="serialization")

    def as_json(self, value: object) -> JSON:
        """Return a result as JSON."""
        shown: JSON = self.result.dump_python(typing.cast("R", value), mode="json")
        return shown


def action(
    name: str, *, role: Role, mutating: bool = False, repeatable: bool = True, aliases: tuple[str, ...] = ()
) -> Callable[[Work[P, R]], Action[P, R]]:
    """Make an action of a function of two arguments: the parameters and the call."""

    def make(work: Work[P, R]) -> Action[P, R]:
        hints = typing.get_type_hints(work, include_extras=True)
        first = next(iter(inspect.signature(work).parameters))
        return Action(name, work, hints[first], TypeAdapter(hints["return"]), role, mutating, repeatable, aliases)

    return make
