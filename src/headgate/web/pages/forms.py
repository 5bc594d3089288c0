"""What forms bring in: read, bounded, and refused unless it comes from a page of ours."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import Depends, Request

from headgate.actions.refusals import ParametersError
from headgate.gateway.refusals import NotAllowedError
from headgate.web.pages.visitor import TheSite, TheVisitor

MOST_BODY: Final = 256 * 1024
"""Bytes of a form."""
_NUMBER: Final = re.compile("[0-9]{1,15}")
_LONGEST: Final = 10_000
_MOST_FIELDS: Final = 5000
_SAME_SITE: Final = frozenset({"same-origin", "none", ""})


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form, in their order. Every text is the visitor's: hostile until it is parsed."""

    fields: Sequence[tuple[str, str]]

    def get(self, name: str, default: str = "") -> str:
        """Return a field's first value, without spaces around it."""
        return next((value.strip() for key, value in self.fields if key == name), default)

    def all(self, name: str) -> list[str]:
        """Return every value of a field that may come more than once, such as ticked boxes."""
        return [value.strip() for key, value in self.fields if key == name]

    def ticked(self, name: str) -> bool:
        """Whether a box is ticked."""
        return any(key == name for key, _ in self.fields)

    def number(self, name: str) -> int:
        """Return a whole number. Raises ParametersError."""
        text = self.get(name)
        if not _NUMBER.fullmatch(text):
            raise ParametersError(f"{name} should be a whole number")
        return int(text)


async def read_form(request: Request, url: str) -> Form:
    """Return what a form brings, whose token is still to be looked at. ``url``: where the pages are, from outside.

    Raises NotAllowedError for one from another site, ParametersError.
    """
    if not _from_here(request, url):
        raise NotAllowedError("this form came from another site; nothing was done")
    try:
        async with request.form(max_files=0, max_fields=_MOST_FIELDS) as given:
            fields = [(key, value) for key, value in given.multi_items() if isinstance(value, str)]
    except UnicodeDecodeError:
        raise ParametersError("the form is not UTF-8") from None
    if any(len(value) > _LONGEST or "\0" in value for _, value in fields):
        raise ParametersError(f"a field holds at most {_LONGEST} characters")
    return Form(fields)


async def form_of(request: Request, site: TheSite, visitor: TheVisitor) -> Form:
    """Return what a form of ours brings. Raises NotAllowedError for one that is not, ParametersError."""
    form = await read_form(request, site.settings.pages.url)
    if not secrets.compare_digest(form.get("csrf").encode(), visitor.csrf.encode()):
        raise NotAllowedError("this form is too old, or not from here; load the page again and repeat what you did")
    return form


def _from_here(request: Request, url: str) -> bool:
    """Whether a browser says that a page of ours sent this. Old ones say nothing; then the token alone counts."""
    if request.headers.get("sec-fetch-site", "") not in _SAME_SITE:
        return False
    origin = request.headers.get("origin")
    if origin is None:
        return True
    return origin == url if url else urlsplit(origin).netloc == request.headers.get("host")


TheForm = Annotated[Form, Depends(form_of)]
