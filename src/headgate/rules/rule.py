"""What a rule is, once its file was read and found right. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from headgate.model.event import JSON
from headgate.model.role import Role
from headgate.rules.criteria import Criterion

FIRST = "action"
"""The name of the step that a rule's ``action`` is."""
END = "end"
"""Names no step: there the execution ends."""
_Time = Annotated[float, Field(ge=0, le=366 * 86400)]


class _Plan(BaseModel):
    """Kept in the store with an execution: it goes on as it began, whatever becomes of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Retry(_Plan):
    """How often a step that failed is done again. Times in seconds."""

    count: Annotated[int, Field(ge=0, le=10_000)] = 0
    delay: _Time = 60.0
    factor: Annotated[float, Field(ge=1, le=10)] = 1.0
    """Each wait is so many times as long as the one before."""


class Step(_Plan):
    """One action of a rule, and what comes after it."""

    name: str
    ref: str
    """The action's name."""
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    delay: _Time = 0.0
    """Seconds to wait before it."""
    retry: Retry = Retry()
    on_success: str = ""
    """The next step; empty: the one that follows in the file."""
    on_failure: str = ""
    """The next step; empty: the execution fails."""


class Quiet(_Plan):
    """When a rule does nothing: hours of the day (minutes from, to) and days of the week (0 is Monday)."""

    hours: tuple[tuple[int, int], ...] = ()
    days: frozenset[int] = frozenset()
    zone: str = ""
    """A time zone's name; empty: the host's."""
    skip: bool = False
    """Whether what falls into it is left out; else it waits."""


class Drained(_Plan):
    """How many nodes may be out of service at a time, with those that the step would take out."""

    nodes: Annotated[int, Field(ge=1)] | None = None
    percent: Annotated[float, Field(gt=0, le=100)] | None = None
    partition: str = ""
    """Whose nodes are counted; empty: for ``percent`` those of each partition the nodes are in, for ``nodes`` all."""


class Approval(_Plan):
    """Who has to say yes first."""

    role: Role = Role.OPERATOR
    ask: tuple[str, ...] = ()
    """Whom to tell: recipients."""
    within: _Time = 86400.0
    """Seconds after which nobody's answer is a no."""


class Plan(_Plan):
    """What an execution of a rule does."""

    steps: tuple[Step, ...]
    nodes: JsonValue = None
    """A template of the nodes that the guards look at; None: the step's ``nodes`` or ``node``."""
    quiet: Quiet | None = None
    concurrency: Annotated[int, Field(ge=1)] | None = None
    """Executions of the rule that run at a time."""
    drained: Drained | None = None
    only_when_empty: bool = False
    approval: Approval | None = None
    until: tuple[str, ...] = ()
    """The kinds of event that end the state that has to last."""

    def step(self, name: str) -> Step | None:
        """Return a step by its name."""
        return next((step for step in self.steps if step.name == name), None)

    def after(self, step: Step, *, succeeded: bool) -> Step | None:
        """Return the step that follows one that succeeded, or one that failed for good; None: there is none."""
        name = step.on_success if succeeded else step.on_failure
        if name:
            return None if name == END else self.step(name)
        if not succeeded:
            return None
        rest = self.steps[self.steps.index(step) + 1 :]
        return rest[0] if rest else None


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many within so many seconds."""

    count: int
    within: float


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule. ``held``: seconds for which the state has to last that the event began."""

    ref: str
    """``pack.name``."""
    name: str
    pack: str
    trigger: str
    """A kind of event (``node.down``, ``node.*``), or one of StackStorm's triggers (``slurm.node.state``)."""
    plan: Plan
    description: str = ""
    enabled: bool = False
    parameters: Mapping[str, JSON] = field(default_factory=dict)
    """Values of the event that have to be so."""
    criteria: tuple[Criterion, ...] = ()
    backstop: bool = False
    """Whether it matches only what no other rule matched."""
    held: float = 0.0
    repeated: Rate | None = None
    """Matches only the event with which there were so many."""
    rate: Rate | None = None
    per: str = ""
    """What ``held``, ``repeated`` and ``rate`` count apart: a key into the event; empty: its subject."""
    role: Role = Role.ADMIN
    """What its actions may do at most; the settings may say less."""
    file: str = ""
    line: int | None = None
    library: bool = False
    """Whether it came with Headgate."""
