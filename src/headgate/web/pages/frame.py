"""How a page is made: the templates, the words of times and sizes, what the next page tells."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from headgate import __version__
from headgate.model.right import Right
from headgate.store import sessions
from headgate.web.pages import words
from headgate.web.pages.assets import asset
from headgate.web.pages.places import PLACES
from headgate.web.pages.site import Site
from headgate.web.pages.visitor import Visitor

ROOT: Final = "/ui"
_THEMES: Final = frozenset({"light", "dark"})


def query_with(query: Mapping[str, Any], **changed: Any) -> str:
    """Return the words of a query string after the ``?``, with some changed; empty ones are left out."""
    return words.query({**query, **changed})


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("headgate.web.pages", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(words.FILTERS)
    made.globals.update(root=ROOT, version=__version__, Right=Right, places=PLACES, asset=asset, query_with=query_with)
    return made


_TEMPLATES: Final = _environment()


async def page(
    request: Request, site: Site, visitor: Visitor, template: str, *, status: int = HTTPStatus.OK, **values: Any
) -> HTMLResponse:
    """Make a page from a template, with what there is to tell from the last one.

    In every template are: ``visitor``, ``site``, ``path``, ``theme``, ``now``, ``said`` (kind and text, or None),
    ``root``, ``Right``.
    """
    said = None
    if visitor.session.said:
        said = json.loads(visitor.session.said)
        await site.store.write(lambda connection: sessions.say(connection, visitor.session.hash, ""), found_again=True)
    return _made(request, site, template, status, visitor=visitor, said=said, **values)


def bare_page(request: Request, site: Site | None, template: str, *, status: int, **values: Any) -> HTMLResponse:
    """Make a page for somebody who is not signed in, or while there is no site: it says nothing of the cluster."""
    return _made(request, site, template, status, visitor=None, said=None, **values)


def _made(request: Request, site: Site | None, template: str, status: int, **values: Any) -> HTMLResponse:
    theme = request.cookies.get("headgate_theme", "")
    text = _TEMPLATES.get_template(template).render(
        site=site,
        title_of_site="Headgate" if site is None else site.settings.pages.title,
        path=request.url.path,
        theme=theme if theme in _THEMES else "",
        now=time.time(),
        **values,
    )
    return HTMLResponse(text, status)


async def go_on(site: Site, visitor: Visitor, path: str, text: str = "", *, kind: str = "done") -> Response:
    """Send the browser on after a form, to a path of ours below ``/ui``; the next page tells ``text``.

    ``kind``: ``done`` or ``failed``.
    """
    if text:
        said = json.dumps({"kind": kind, "text": text})
        await site.store.write(lambda connection: sessions.say(connection, visitor.session.hash, said))
    return RedirectResponse(f"{ROOT}{path}", HTTPStatus.SEE_OTHER)
