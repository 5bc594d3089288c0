"""Deliveries: the list, one with everything about it, and replaying and dropping them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from headgate.actions.refusals import ParametersError
from headgate.errors import NotFoundError
from headgate.model.delivery import DeliveryState
from headgate.model.right import Right
from headgate.store import audit, deliveries, delivery_changes, delivery_pages, journal
from headgate.store.audit import AuditFilter
from headgate.store.deliveries import DeliveryFilter
from headgate.store.delivery_changes import Change, Operator
from headgate.web.pages.forms import Form, TheForm
from headgate.web.pages.frame import go_on, page
from headgate.web.pages.notifications import telling
from headgate.web.pages.notifications.asked import SPANS, Asked, asked_of, whole_number
from headgate.web.pages.visitor import TheSite, TheVisitor
from headgate.web.pages.words import query as words_of

router = APIRouter(prefix="/notifications")
_ROWS: Final = 50
_MOST_CHANGED: Final = 100_000
_MOST_SHOWN: Final = 20
_MOST_AUDIT: Final = 20
_PLACE: Final = "/notifications"
_DONE: Final = {Change.RETRY: "replayed", Change.DROP: "dropped"}
_LONGEST_WHY: Final = 500


@router.get("")
async def listed(request: Request, site: TheSite, visitor: TheVisitor) -> Response:
    """Show deliveries, newest first."""
    asked = asked_of(lambda name: request.query_params.get(name, ""), visitor)
    offset = (asked.page - 1) * _ROWS

    def read(connection: Connection) -> tuple[list[deliveries.Delivery], dict[DeliveryState, int]]:
        found = delivery_pages.page(connection, asked.wanted, limit=_ROWS + 1, offset=offset)
        return found, delivery_pages.counted(connection, asked.wanted)

    found, counts = await site.store.read(read)
    return await page(
        request,
        site,
        visitor,
        "notifications/list.html",
        asked=asked,
        rows=found[:_ROWS],
        more=len(found) > _ROWS,
        counts=counts,
        states=list(DeliveryState),
        spans=SPANS,
        connectors=sorted(site.settings.connectors),
        telling=telling,
        most=delivery_pages.MOST_COUNTED,
        retried=deliveries.RETRIED,
        dropped_from=deliveries.DROPPED_FROM,
    )


@router.post("/change")
async def preview_change(request: Request, site: TheSite, visitor: TheVisitor, form: TheForm) -> Response:
    """Show what replaying or dropping would change."""
    visitor.require(Right.CHANGE_DELIVERIES)
    what, asked = _change_of(form), asked_of(form.get, visitor)
    ticked = _ticked(form, asked)

    def read(connection: Connection) -> tuple[int, int, list[deliveries.Delivery]]:
        chosen = _chosen(connection, ticked, asked.wanted, None)
        newest = sorted(chosen, reverse=True)[:_MOST_SHOWN]
        fits = delivery_changes.fitting(connection, what, chosen)
        return len(chosen), fits, delivery_pages.with_numbers(connection, newest)

    count, fits, shown = await site.store.read(read)
    last = max((one.id for one in shown), default=0)
    return await page(
        request,
        site,
        visitor,
        "notifications/change.html",
        **_words(what, asked, ticked),
        count=count,
        fits=fits,
        rows=shown,
        last=last,
        telling=telling,
    )


@router.post("/changed")
async def change(site: TheSite, visitor: TheVisitor, form: TheForm) -> Response:
    """Replay or drop what was shown before."""
    visitor.require(Right.CHANGE_DELIVERIES)
    what, asked = _change_of(form), asked_of(form.get, visitor)
    ticked = _ticked(form, asked)
    last = whole_number(form.get("last", "0"), "last")
    why = form.get("why")[:_LONGEST_WHY] or "dropped by an operator"

    def write(connection: Connection) -> tuple[int, int]:
        chosen = _chosen(connection, ticked, asked.wanted, last)
        who = Operator(visitor.user, visitor.caller.via)
        changed = delivery_changes.change(connection, what, chosen, who, why=why, now=time.time())
        return len(changed), len(chosen) - len(changed)

    changed, left = await site.store.write(write)
    text = f"{changed} {_DONE[what]}." + (f" {left} left alone: they are not in a state for it." if left else "")
    back = f"{_PLACE}?{words_of(asked.query)}"
    if ticked is not None and len(ticked) == 1 and form.get("back") == "one":
        back = f"{_PLACE}/{ticked[0]}"
    return await go_on(site, visitor, back, text, kind="done" if changed else "failed")


@router.get("/{number:int}")
async def one(request: Request, site: TheSite, visitor: TheVisitor, number: int) -> Response:
    """Show everything about a delivery."""

    def read(connection: Connection) -> dict[str, Any] | None:
        delivery = deliveries.get(connection, number) if number < 1 << 62 else None
        if delivery is None or not telling.seen_by(visitor, delivery):
            return None
        others = [item for item in _others(connection, delivery) if telling.seen_by(visitor, item)]
        about = AuditFilter(subject=f"delivery {number}")
        return {
            "delivery": delivery,
            "failures": deliveries.history(connection, number),
            "event": journal.get(connection, delivery.event_id),
            "others": others,
            "entries": audit.page(connection, about, limit=_MOST_AUDIT, offset=0)
            if visitor.has(Right.SEE_DELIVERIES)
            else [],
        }

    found = await site.store.read(read)
    if found is None:
        raise NotFoundError(f"there is no message {number}")
    delivery: deliveries.Delivery = found["delivery"]
    message = telling.message_of(delivery)
    return await page(
        request,
        site,
        visitor,
        "notifications/one.html",
        **found,
        title=telling.title_of(delivery),
        text=None if message is None else telling.text_of(message),
        why=telling.why_of(delivery, 1000),
        telling=telling,
        retried=deliveries.RETRIED,
        dropped_from=deliveries.DROPPED_FROM,
    )


def _others(connection: Connection, delivery: deliveries.Delivery) -> list[deliveries.Delivery]:
    """Return what else the same event led to."""
    same = delivery_pages.page(connection, DeliveryFilter(event_id=delivery.event_id), limit=_MOST_SHOWN, offset=0)
    return [item for item in same if item.id != delivery.id]


def _chosen(
    connection: Connection, ticked: Sequence[int] | None, wanted: DeliveryFilter, last: int | None
) -> list[int]:
    """Return the numbers of those that were ticked, or of all that a filter shows, up to the last that was seen."""
    if ticked is not None:
        return sorted(set(ticked))
    found = delivery_pages.numbers(connection, wanted, limit=_MOST_CHANGED)
    return [number for number in found if last is None or number <= last]


def _ticked(form: Form, asked: Asked) -> list[int] | None:
    """Return the messages that were ticked; None for all that a filter shows. Raises ParametersError."""
    if form.ticked("all"):
        if not asked.wanted.states:
            raise ParametersError("choose a state first, so that it is clear which messages are meant")
        return None
    ticked = [whole_number(text, "delivery") for text in form.all("delivery")]
    if not ticked:
        raise ParametersError("tick the messages first")
    return ticked


def _change_of(form: Form) -> Change:
    word = form.get("what")
    if word not in list(Change):
        raise ParametersError("nothing was chosen to be done")
    return Change(word)


def _words(what: Change, asked: Asked, ticked: Sequence[int] | None) -> dict[str, Any]:
    verb = "Replay" if what is Change.RETRY else "Drop"
    return {"what": what, "verb": verb, "asked": asked, "ticked": ticked}
