"""What a rule file may hold: StackStorm's schema as it stands, and our own key ``headgate``."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, field_validator, model_validator

from headgate.model.role import Role
from headgate.model.spans import read_span
from headgate.rules.operators import CONDITIONS, OPERATORS, SEARCH

_YEAR: Final = 366 * 86400
_HOURS: Final = re.compile(r"(\d{1,2}):([0-5]\d)\s*-\s*(\d{1,2}):([0-5]\d)", re.ASCII)
_RATE: Final = re.compile(r"\s*(\d{1,6})\s*/\s*(.+)", re.ASCII)
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MINUTES: Final = 24 * 60


def _seconds(value: Any) -> float:
    if isinstance(value, str):
        found = read_span(value)
        if found is None:
            raise ValueError("should be a span of time, such as 30s, 5m, 1h30m or 2d")
        value = found
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _YEAR:
        raise ValueError("should be a span of time, such as 30s, 5m, 1h30m or 2d, of a year at most")
    return float(value)


def _rate(value: Any) -> Any:
    if isinstance(value, str):
        match = _RATE.fullmatch(value)
        if match is None:
            raise ValueError("should be a number in a span of time, such as 5/1h")
        return {"count": int(match[1]), "within": match[2]}
    return value


def _hours(value: Any) -> tuple[int, int]:
    match = _HOURS.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is not None:
        start, end = (int(match[first]) * 60 + int(match[first + 1]) for first in (1, 3))
        if start < _MINUTES and end <= _MINUTES and start != end:
            return start, end % _MINUTES
    raise ValueError("should be hours of the day, such as 22:00-06:00")


Span = Annotated[float, BeforeValidator(_seconds)]
Name = Annotated[str, Field(pattern=r"^[\w.\-]{1,100}$")]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, populate_by_name=False)


class TriggerTable(_Table):
    """What kind of event."""

    type: str = Field(min_length=1, max_length=200)
    parameters: dict[str, JsonValue] = {}
    ref: str = ""
    description: str = ""


class ActionTable(_Table):
    """Which action, and with what."""

    ref: str = Field(min_length=1, max_length=200)
    parameters: dict[str, JsonValue] = {}
    description: str = ""


class CriterionTable(_Table):
    """One comparison."""

    type: str
    pattern: JsonValue = None
    condition: Literal["any", "all", "any2any", "all2any"] | None = None

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.type.lower() == SEARCH:
            if self.condition not in CONDITIONS:
                raise ValueError(f"search needs a condition: {', '.join(CONDITIONS)}")
            if not isinstance(self.pattern, dict):
                raise ValueError("search needs criteria for its pattern")
        elif self.type.lower() not in OPERATORS:
            raise ValueError("there is no such operator")
        return self


class TypeTable(_Table):
    """Whether the rule is ``standard``, or ``backstop``: for what no other rule matched."""

    ref: Literal["standard", "backstop"]
    parameters: dict[str, JsonValue] = {}


class RetryTable(_Table):
    """How a step that failed is done again."""

    count: Annotated[int, Field(ge=1, le=10_000)]
    delay: Span = 60.0
    factor: Annotated[float, Field(ge=1, le=10)] = 1.0


class _Course(_Table):
    """What may be said of every step."""

    delay: Span = 0.0
    retry: RetryTable | None = None
    on_success: str = Field("", alias="on-success")
    on_failure: str = Field("", alias="on-failure")


class StepTable(_Course):
    """A further step, as in StackStorm's action chains."""

    name: Name
    ref: str = Field(min_length=1, max_length=200)
    parameters: dict[str, JsonValue] = {}


class QuietTable(_Table):
    """When the rule does nothing."""

    hours: tuple[Annotated[tuple[int, int], BeforeValidator(_hours)], ...] = ()
    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = ()
    zone: str = ""
    then: Literal["wait", "skip"] = "wait"

    @field_validator("zone")
    @classmethod
    def _a_zone(cls, zone: str) -> str:
        try:
            _ = zone and ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("should be a time zone, such as Europe/Berlin") from error
        return zone

    @model_validator(mode="after")
    def _not_always(self) -> Self:
        if len(set(self.days)) == len(DAYS):
            raise ValueError("names every day of the week: disable the rule instead")
        return self


class DrainedTable(_Table):
    """How many nodes may be out of service at a time."""

    nodes: Annotated[int, Field(ge=1)] | None = None
    percent: Annotated[float, Field(gt=0, le=100)] | None = None
    partition: str = ""

    @model_validator(mode="after")
    def _a_bound(self) -> Self:
        if self.nodes is None and self.percent is None:
            raise ValueError("needs nodes or percent")
        return self


class ApprovalTable(_Table):
    """Who has to say yes first."""

    role: Role = Role.OPERATOR
    ask: tuple[str, ...] = ()
    within: Span = 86400.0


class RateTable(_Table):
    """So many within a span of time."""

    count: Annotated[int, Field(ge=1, le=100_000)]
    within: Span


RateOf = Annotated[RateTable, BeforeValidator(_rate)]


class Further(_Course):
    """Our own key: what StackStorm's schema has no words for."""

    held: Span = Field(0.0, alias="for")
    until: tuple[str, ...] = ()
    per: str = ""
    repeated: RateOf | None = None
    rate: RateOf | None = None
    concurrency: Annotated[int, Field(ge=1, le=1000)] | None = None
    nodes: JsonValue = None
    drained_at_most: DrainedTable | None = Field(None, alias="drained-at-most")
    only_when_empty: bool = Field(False, alias="only-when-empty")
    quiet: QuietTable | None = None
    approval: ApprovalTable | None = None
    role: Role = Role.ADMIN
    steps: tuple[StepTable, ...] = Field((), max_length=50)


class RuleTable(_Table):
    """A rule file. Keys that StackStorm computes (``id``, ``ref``, ``uid``) are read and not used."""

    name: Name
    pack: Annotated[str, Field(pattern=r"^[\w\-]{1,64}$")] = "default"
    description: str = Field("", max_length=4000)
    enabled: bool = False
    trigger: TriggerTable
    criteria: dict[str, CriterionTable] = {}
    action: ActionTable
    type: TypeTable | None = None
    context: dict[str, JsonValue] = {}
    tags: tuple[dict[str, JsonValue], ...] = ()
    headgate: Further = Further()
    id: str = ""
    ref: str = ""
    uid: str = ""
    metadata_file: str = ""
