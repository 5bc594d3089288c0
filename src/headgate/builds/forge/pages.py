"""Where the next page of a list is, as forges tell it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_NEXT: Final = re.compile(r'<([^>]+)>;\s*rel="next"')


def next_of(headers: Mapping[str, str]) -> str:
    """Return the address of the next page, from the ``Link`` header; empty if it names none."""
    found = _NEXT.search(headers.get("link", ""))
    return "" if found is None else found[1]


def is_last(items: int, size: int, headers: Mapping[str, str]) -> bool:
    """Whether no page comes after this one. ``items``: so many are in it; ``size``: so many were asked for.

    ``Link`` says so (GitHub: "Using pagination in the REST API"; GitLab: "REST API"), and so does GitLab's
    ``X-Next-Page``. A page may be short and not the last: a forge may cut pages first and then leave out what is not
    for us. A full one is not taken for the last, should these headers be lost. Names of headers are in small letters.
    """
    return items < size and not next_of(headers) and not headers.get("x-next-page", "").strip()
