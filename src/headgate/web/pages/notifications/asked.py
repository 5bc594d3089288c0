"""Which deliveries a page is asked for: the words of its address, or of a form, and back."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from headgate.actions.refusals import ParametersError
from headgate.model.delivery import DeliveryState
from headgate.model.right import Right
from headgate.model.spans import read_span
from headgate.store.deliveries import DeliveryFilter
from headgate.web.pages.visitor import Visitor

SPANS: Final = {"1h": "last hour", "1d": "last day", "7d": "last 7 days", "30d": "last 30 days"}
"""What ``since`` offers."""
_LONGEST_NAME: Final = 256
_LONGEST_NUMBER: Final = 18
_LAST_PAGE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: the filter, the page of the list (from 1 on), and the words that ask for it again."""

    wanted: DeliveryFilter
    page: int
    query: Mapping[str, str]

    @property
    def filtered(self) -> bool:
        """Whether anything is asked for but the first page of everything."""
        return self.page > 1 or any(self.query.values())


def asked_of(get: Callable[[str], str], visitor: Visitor) -> Asked:
    """Read what is asked for; who may not see everybody's messages sees those about their own jobs.

    ``get`` returns a word by its name, empty if there is none. Raises ParametersError.
    """
    words = {name: get(name).strip() for name in ("state", "connector", "user", "job", "since")}
    if any(len(word) > _LONGEST_NAME or "\0" in word for word in words.values()):
        raise ParametersError("one of the words to filter by is too long")
    if not visitor.has(Right.SEE_DELIVERIES):
        words["user"] = ""
    if words["state"] and words["state"] not in list(DeliveryState):
        raise ParametersError(f"the states are: {', '.join(DeliveryState)}")
    seconds = read_span(words["since"]) if words["since"] else None
    if words["since"] and seconds is None:
        raise ParametersError("since should be a span of time, such as 90m, 2h or 7d")
    wanted = DeliveryFilter(
        states=(DeliveryState(words["state"]),) if words["state"] else (),
        connector=words["connector"] or None,
        user=(words["user"] or None) if visitor.has(Right.SEE_DELIVERIES) else visitor.user,
        job_id=whole_number(words["job"], "job") if words["job"] else None,
        since=None if seconds is None else time.time() - seconds,
    )
    page = whole_number(get("page") or "1", "page")
    return Asked(wanted, max(1, min(page, _LAST_PAGE)), words)


def whole_number(text: str, name: str) -> int:
    """Return a number that something in the store may have. Raises ParametersError."""
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER):
        raise ParametersError(f"{name} should be a whole number")
    return int(text)
