"""Rules over REST: which there are, what each does, and switching one on and off."""

from __future__ import annotations

import time
from typing import Annotated, Any, Final, Literal, Self

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from headgate.actions.caller import Caller
from headgate.actions.catalogue import Catalogue
from headgate.gateway.gateway import Gateway
from headgate.model.right import Right
from headgate.model.role import Role
from headgate.rules import book
from headgate.rules.book import RuleBook
from headgate.rules.rule import Rule, Step
from headgate.rules.shelf import read_book
from headgate.store.rules import RuleDecision, decisions
from headgate.web.api.actions import TheCaller, TheDesk
from headgate.web.api.asking import At
from headgate.web.api.paging import point_on
from headgate.web.pages.automation.shown import conditions_of, parameters_of, way_of

router = APIRouter(prefix="/rules", tags=["rules"])
_NO_NUL: Final = r"^[^\x00]*$"
Ref = Annotated[str, Path(max_length=300, pattern=_NO_NUL, description="`pack.name`; or the name, if only one has it.")]
State = Literal["on", "off", "stopped"]


class ShownDecision(BaseModel):
    """What was decided about a rule, whatever its file says."""

    enabled: bool | None = Field(description="Null leaves it to the file.")
    stopped: str = Field(description="Why Headgate stopped it; empty if it did not.")
    at: float
    by: str

    @classmethod
    def of(cls, one: RuleDecision) -> Self:
        """Show a decision."""
        return cls(enabled=one.enabled, stopped=one.stopped, at=one.changed_at, by=one.changed_by)


class ShownRule(BaseModel):
    """A rule: when something happens, do actions."""

    ref: str = Field(description="`pack.name`.")
    state: State = Field(description="`stopped`: by Headgate, which says why.")
    description: str
    trigger: str = Field(description="A kind of event, or one of StackStorm's triggers.")
    actions: list[str] = Field(description="What it does, step by step: `tell: notify.send`.")
    role: Role = Field(description="What its actions may, at most.")
    library: bool = Field(description="Whether it came with Headgate.")
    file: str = Field(description="Where it is written; empty if it came with Headgate.")
    enabled_in_file: bool
    decided: ShownDecision | None

    @classmethod
    def of(cls, rule: Rule, rules: RuleBook) -> Self:
        """Show a rule."""
        decision = rules.decided.get(rule.ref)
        state = rules.state(rule)
        return cls(
            ref=rule.ref,
            state="stopped" if state == "stopped" else "on" if state == "on" else "off",
            description=rule.description,
            trigger=rule.trigger,
            actions=[f"{step.name}: {step.ref}" for step in rule.plan.steps],
            role=rule.role,
            library=rule.library,
            file="" if rule.library else rule.file,
            enabled_in_file=rule.enabled,
            decided=None if decision is None else ShownDecision.of(decision),
        )


class ShownCriterion(BaseModel):
    """What an event has to be like."""

    key: str
    type: str
    pattern: Any


class ShownStep(BaseModel):
    """One step. What an action declares as secret is hidden in `parameters`."""

    name: str
    action: str
    parameters: dict[str, Any]
    way: str = Field(description="In words, what comes before and after it, where that is not just the next step.")

    @classmethod
    def of(cls, one: Step, catalogue: Catalogue) -> Self:
        """Show a step."""
        return cls(name=one.name, action=one.ref, parameters=parameters_of(one, catalogue), way=way_of(one))


class ShownCondition(BaseModel):
    """When a rule does something, beside its trigger and criteria, in words."""

    what: str
    how: str


class WholeRule(ShownRule):
    """A rule as it is written."""

    parameters: dict[str, Any] = Field(description="Values of the event that have to be so.")
    criteria: list[ShownCriterion]
    conditions: list[ShownCondition]
    steps: list[ShownStep]


class WhySwitched(BaseModel):
    """Why a rule is switched."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"why": "it flaps"}]})

    why: str = Field("", max_length=300, pattern=_NO_NUL, description="For the audit log.")


@router.get("")
async def list_rules(
    *,
    request: Request,
    response: Response,
    caller: TheCaller,
    at: At,
    state: Annotated[State | None, Query(description="Only those that are so.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Rules of one page.")] = 100,
    offset: Annotated[int, Query(ge=0, le=100_000, description="Rules before this page.")] = 0,
) -> list[ShownRule]:
    """List the site's rules and those that came with Headgate, by ref. `Link` names the next page.

    Takes the role viewer.
    """
    caller.require(Right.SEE_AUTOMATION)
    rules = await read_book(at.store, at.rules)
    refs = sorted(ref for ref, one in rules.loaded.rules.items() if state in (None, rules.state(one)))
    if len(refs) > offset + limit:
        point_on(request, response, "offset", offset + limit)
    return [ShownRule.of(rules.loaded.rules[ref], rules) for ref in refs[offset : offset + limit]]


@router.get("/{ref}")
async def show_rule(ref: Ref, caller: TheCaller, at: At, desk: TheDesk) -> WholeRule:
    """Show a rule as it is written, without secrets. Takes the role viewer."""
    caller.require(Right.SEE_AUTOMATION)
    rules = await read_book(at.store, at.rules)
    rule = rules.get(ref)
    return WholeRule(
        **ShownRule.of(rule, rules).model_dump(),
        parameters=dict(rule.parameters),
        criteria=[ShownCriterion(key=one.key, type=one.operator, pattern=one.pattern) for one in rule.criteria],
        conditions=[ShownCondition(what=what, how=how) for what, how in conditions_of(rule)],
        steps=[ShownStep.of(one, desk.actions.catalogue) for one in rule.plan.steps],
    )


@router.post("/{ref}/enable")
async def enable_rule(ref: Ref, caller: TheCaller, at: At, given: WhySwitched | None = None) -> ShownRule:
    """Switch a rule on, whatever its file says; one that Headgate stopped is not stopped any more.

    Takes the role operator.
    """
    return await _switched(at, caller, ref, given, enabled=True)


@router.post("/{ref}/disable")
async def disable_rule(ref: Ref, caller: TheCaller, at: At, given: WhySwitched | None = None) -> ShownRule:
    """Switch a rule off, whatever its file says; what it has begun goes on. Takes the role operator."""
    return await _switched(at, caller, ref, given, enabled=False)


async def _switched(at: Gateway, caller: Caller, ref: str, given: WhySwitched | None, *, enabled: bool) -> ShownRule:
    """Switch a rule. Raises NotPermittedError, NotFoundError."""
    caller.require(Right.CHANGE_RULES)
    known = await read_book(at.store, at.rules)
    rule, why, now = known.get(ref), "" if given is None else given.why, time.time()

    def work(connection: Connection) -> RuleBook:
        book.switch(connection, rule, caller, enabled=enabled, now=now, why=why)
        return RuleBook(known.loaded, decisions(connection))

    return ShownRule.of(rule, await at.store.write(work))
