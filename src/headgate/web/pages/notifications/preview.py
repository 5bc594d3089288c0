"""What each connector makes of a message: the payload its service gets, and about what people see there."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from headgate.actions.refusals import ParametersError
from headgate.connectors import trial
from headgate.connectors.samples import SAMPLES
from headgate.errors import HeadgateError, NotFoundError
from headgate.model.message import Message
from headgate.model.text import one_line
from headgate.notify.connector import Rendition
from headgate.store import deliveries
from headgate.web.pages.frame import page
from headgate.web.pages.headers import POLICY
from headgate.web.pages.me.own import own_of
from headgate.web.pages.notifications import telling
from headgate.web.pages.notifications.asked import whole_number
from headgate.web.pages.notifications.connectors import targets_of
from headgate.web.pages.site import Site
from headgate.web.pages.visitor import TheSite, TheVisitor, Visitor

router = APIRouter(prefix="/notifications/preview")
_LONGEST: Final = 8000
"""Characters of a payload that are shown."""
_LONGEST_PAGE: Final = 2_000_000
_STEERING: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_HEADERS: Final = ("From", "To", "Subject", "Date")
FRAMED: Final = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
"""What a service's form of a message may do, in a frame: nothing but be looked at."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a connector makes of a message; ``trouble``: why nothing."""

    name: str
    kind: str
    payload: str = ""
    cut: int = 0
    """Characters that are left out."""
    pictured: bool = False
    trouble: str = ""


@router.get("")
async def preview(request: Request, site: TheSite, visitor: TheVisitor) -> Response:
    """Show a message as one connector, or every one, would send it."""
    name, chosen = request.query_params.get("connector", ""), request.query_params.get("message", "") or "failed"
    names = sorted(site.settings.connectors)
    if name and name not in names:
        raise NotFoundError("there is no such connector")
    message, targets = await _message(site, visitor, chosen)
    reach = await _reach(site, visitor)
    shown = []
    for one in [name] if name else names:
        kind = site.settings.connectors[one].kind
        try:
            made = rendered(site, one, message, (targets.get(one, ""), reach.get(one, "")))
        except HeadgateError as error:
            shown.append(Shown(one, kind, trouble=error.message))
            continue
        payload = readable(made)
        shown.append(Shown(one, kind, payload[:_LONGEST], max(0, len(payload) - _LONGEST), bool(made.html)))
    answer = await page(
        request,
        site,
        visitor,
        "notifications/preview.html",
        shown=shown,
        name=name,
        names=names,
        chosen=chosen,
        samples=list(SAMPLES),
        title=one_line(message.title, 200),
    )
    answer.headers["Content-Security-Policy"] = f"{POLICY}; frame-src 'self'"
    return answer


@router.get("/shown")
async def shown(request: Request, site: TheSite, visitor: TheVisitor) -> Response:
    """Return about what people see of a message in a service: a page by itself, which may do nothing."""
    name, chosen = request.query_params.get("connector", ""), request.query_params.get("message", "")
    if name not in site.settings.connectors:
        raise NotFoundError("there is no such connector")
    message, targets = await _message(site, visitor, chosen)
    reach = await _reach(site, visitor)
    made = rendered(site, name, message, (targets.get(name, ""), reach.get(name, "")))
    if not made.html or len(made.html) > _LONGEST_PAGE:
        raise NotFoundError("there is nothing to be seen of it")
    return HTMLResponse(made.html, headers={"Content-Security-Policy": FRAMED, "X-Frame-Options": "SAMEORIGIN"})


async def _message(site: Site, visitor: Visitor, chosen: str) -> tuple[Message, dict[str, str]]:
    """Return a sample by its name, or the message of a delivery by its number, and where that one goes."""
    if chosen in SAMPLES:
        return SAMPLES[chosen], {}
    if not chosen.isdigit():
        raise ParametersError(f"there are these messages: {', '.join(SAMPLES)}, or a delivery's number")
    number = whole_number(chosen, "message")

    def read(connection: Connection) -> deliveries.Delivery | None:
        return deliveries.get(connection, number)

    found = await site.store.read(read)
    message = None if found is None or not telling.seen_by(visitor, found) else telling.message_of(found)
    if found is None or message is None:
        raise NotFoundError(f"there is no message {number}, or none yet")
    return message, {found.connector: found.target}


async def _reach(site: Site, visitor: Visitor) -> dict[str, str]:
    """Return where the visitor is told things, by connector."""
    own = own_of(site)
    found = await site.store.read(lambda connection: own.reach(connection, visitor.user))
    return {one.name: one.target for one in found if one.target}


def rendered(site: Site, name: str, message: Message, targets: tuple[str, ...]) -> Rendition:
    """Return what a connector makes of a message, for the first target it takes. Raises HeadgateError."""
    connector = site.connectors[name]
    named = (*filter(None, targets), *targets_of(site, name))
    target = trial.example_target(connector, site.settings.connectors[name].kind, named)
    if target is None:
        raise NotFoundError(f"{name} takes no target that is known here, so it cannot be shown")
    return trial.shown(connector, target, message, "preview")


def readable(made: Rendition) -> str:
    """Return a payload as people read it: of a mail its headers and the text in it, else as it is."""
    if made.suffix != ".eml":
        return plain(made.payload)
    mail = email.message_from_string(made.payload, policy=email.policy.default)
    text = mail.get_body(("plain",))
    heads = [f"{name}: {value}" for name in _HEADERS if (value := _header(mail, name))]
    return plain("\n".join([*heads, "", made.payload if text is None else text.get_content()]))


def _header(mail: EmailMessage, name: str) -> str:
    """Return a header as it means; as it is written where that cannot be shown, as of an address in an encoded word."""
    try:
        return str(mail[name] or "")
    except ValueError:
        return next(str(value) for key, value in mail.raw_items() if key.lower() == name.lower())


def plain(text: str) -> str:
    """Return text in which what would steer the reader's eye is written as an escape."""
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text.replace("\r\n", "\n"))
