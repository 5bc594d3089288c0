"""Rules: the list with what waits for approval, the page of one, and switching it."""

from __future__ import annotations

import time
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from headgate.model.execution import ExecutionState
from headgate.model.right import Right
from headgate.rules import book
from headgate.rules.approval import role_for
from headgate.rules.book import RuleBook
from headgate.rules.rule import Rule
from headgate.rules.shelf import read_book
from headgate.store import executions, rule_figures
from headgate.store.executions import Execution, ExecutionFilter
from headgate.web.pages.automation.execution_routes import router as executing
from headgate.web.pages.automation.shown import as_text, conditions_of, parameters_of, way_of
from headgate.web.pages.forms import TheForm
from headgate.web.pages.frame import go_on, page
from headgate.web.pages.visitor import TheSite, TheVisitor

router = APIRouter()
router.include_router(executing)
WINDOW: Final = 7 * 86400.0
"""Seconds for which executions that are over are counted."""
_MOST_WAITING: Final = 100
_MOST_LAST: Final = 20
_MOST_WHY: Final = 300


@router.get("/automation")
async def all_rules(request: Request, site: TheSite, visitor: TheVisitor) -> Response:
    """Show what waits for somebody, and the rules."""
    visitor.require(Right.SEE_AUTOMATION)
    rules = await read_book(site.store, site.settings.rules.directory)
    since = time.time() - WINDOW

    def work(connection: Connection) -> tuple[list[Execution], dict[str, Any]]:
        waiting = [
            one
            for state in (ExecutionState.APPROVAL, ExecutionState.ASKING)
            for one in executions.find(connection, ExecutionFilter(state=state, open=True), limit=_MOST_WAITING)
        ]
        last = rule_figures.last_matches(connection, list(rules.loaded.rules))
        return waiting, {"counts": rule_figures.counts(connection, since), "last": last}

    waiting, figures = await site.store.read(work)
    return await page(
        request,
        site,
        visitor,
        "automation/rules.html",
        waiting=[(one, visitor.caller.may(role_for(one)), role_for(one).value) for one in waiting],
        rules=_ordered(rules),
        problems=rules.loaded.problems if visitor.has(Right.CHANGE_RULES) else (),
        wrong=len(rules.loaded.problems),
        runs_here="rules" in site.settings.service.parts,
        days=round(WINDOW / 86400),
        **figures,
    )


@router.get("/automation/rules/{ref}")
async def one_rule(request: Request, site: TheSite, visitor: TheVisitor, ref: str) -> Response:
    """Show one rule: as it is written, and what it did last."""
    visitor.require(Right.SEE_AUTOMATION)
    rules = await read_book(site.store, site.settings.rules.directory)
    rule = rules.get(ref)

    def work(connection: Connection) -> list[Execution]:
        found = executions.find(connection, ExecutionFilter(rule=rule.ref), limit=_MOST_LAST)
        return found[::-1]

    last = await site.store.read(work)
    catalogue = site.desk.actions.catalogue
    steps = [(step, as_text(parameters_of(step, catalogue)), way_of(step)) for step in rule.plan.steps]
    return await page(
        request,
        site,
        visitor,
        "automation/rule.html",
        rule=rule,
        state=rules.state(rule),
        decision=rules.decided.get(rule.ref),
        conditions=conditions_of(rule),
        steps=steps,
        patterns=[as_text(one.pattern) for one in rule.criteria],
        executions=last,
        may_switch=visitor.has(Right.CHANGE_RULES),
    )


@router.post("/automation/rules/{ref}/switch")
async def switch(site: TheSite, visitor: TheVisitor, form: TheForm, ref: str) -> Response:
    """Switch a rule on or off; on, it is not stopped any more."""
    visitor.require(Right.CHANGE_RULES)
    rule = (await read_book(site.store, site.settings.rules.directory)).get(ref)
    enabled, why, now = form.get("enabled") == "yes", form.get("why")[:_MOST_WHY], time.time()

    def work(connection: Connection) -> None:
        book.switch(connection, rule, visitor.caller, enabled=enabled, now=now, why=why)

    await site.store.write(work)
    text = f"{rule.ref} is {'on' if enabled else 'off'} now."
    return await go_on(site, visitor, f"/automation/rules/{rule.ref}", text)


def _ordered(rules: RuleBook) -> list[tuple[Rule, str]]:
    """Return rules with their state: those that were stopped first, then those that are on."""
    order = {"stopped": 0, "on": 1, "off": 2}
    found = [(rule, rules.state(rule)) for rule in rules.loaded.rules.values()]
    return sorted(found, key=lambda pair: (order[pair[1]], pair[0].ref))
