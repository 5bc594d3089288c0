"""What somebody wants to see of the jobs: the query of the list, read."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from headgate.model.right import Right
from headgate.model.states import JobState
from headgate.store.job_search import FAILED, JobFilter, JobSort
from headgate.web.pages.visitor import Visitor

PAGE: Final = 50
"""Jobs on a page."""
_LONGEST: Final = 200
_MOST_PAGES: Final = 400
_PAGE_NUMBER: Final = re.compile("[1-9][0-9]{0,5}", re.ASCII)
STATES: Final = ("open", "failed", *(state.text for state in JobState))
"""What a list can be narrowed to: ``open`` is not over, ``failed`` every state that is a failure."""
CHANGED: Final[Mapping[str, int]] = {"hour": 3600, "day": 86400, "week": 7 * 86400}
_WHOLE_DAY: Final = 86399.0
_WORDS: Final = ("cluster", "account", "partition", "name")


@dataclass(frozen=True, slots=True)
class Asked:
    """A read query: ``filter``, order and page; ``query``: what of it to keep in links."""

    filter: JobFilter
    sort: JobSort
    descending: bool
    page: int
    query: Mapping[str, str]

    @property
    def sorted_by(self) -> str:
        """The order as the query has it."""
        return f"{'-' if self.descending else ''}{self.sort.value}"

    @property
    def narrowed(self) -> bool:
        """Whether anything but order and page was asked for."""
        return any(key not in ("sort", "page") for key in self.query)


def read_query(query: Mapping[str, str], visitor: Visitor) -> Asked:
    """Read a query; what makes no sense is left out. Who may not see everybody's jobs sees their own."""
    given = {key: value.strip()[:_LONGEST] for key, value in query.items() if value.strip() and "\0" not in value}
    kept: dict[str, str] = {}
    kept |= {word: given[word] for word in (*_WORDS, "q") if word in given}
    cluster, account, partition, name = (given.get(word) for word in _WORDS)
    wanted = JobFilter(cluster=cluster, account=account, partition=partition, name=name, search=given.get("q", ""))
    wanted = _state(wanted, given, kept)
    wanted = _times(wanted, given, kept)
    everybody = visitor.has(Right.SEE_JOBS)
    if everybody and "user" in given:
        kept["user"] = given["user"]
    wanted = replace(wanted, user=kept.get("user") if everybody else visitor.user)
    sort, descending = _sort(given, kept)
    page = int(given["page"]) if _PAGE_NUMBER.fullmatch(given.get("page", "")) else 1
    return Asked(wanted, sort, descending, min(page, _MOST_PAGES), kept)


def _state(wanted: JobFilter, given: Mapping[str, str], kept: dict[str, str]) -> JobFilter:
    state = given.get("state", "")
    state = state if state in STATES else state.upper()
    if state not in STATES:
        return wanted
    kept["state"] = state
    if state == "open":
        return replace(wanted, open=True)
    return replace(wanted, states=FAILED if state == "failed" else (state,))


def _times(wanted: JobFilter, given: Mapping[str, str], kept: dict[str, str]) -> JobFilter:
    since, until = _day(given.get("since", "")), _day(given.get("until", ""))
    if since is not None:
        kept["since"] = given["since"]
    if until is not None:
        kept["until"] = given["until"]
        until += _WHOLE_DAY if len(given["until"]) == len("2026-12-24") else 0.0
    wanted = replace(wanted, since=since, until=until)
    if given.get("changed") in CHANGED:
        kept["changed"] = given["changed"]
        wanted = replace(wanted, changed=time.time() - CHANGED[given["changed"]])
    return wanted


def _day(text: str) -> float | None:
    """Read a day, or a day and a time, of this host's clock."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _sort(given: Mapping[str, str], kept: dict[str, str]) -> tuple[JobSort, bool]:
    text = given.get("sort", "")
    try:
        sort = JobSort(text.removeprefix("-"))
    except ValueError:
        return JobSort.SUBMITTED, True
    kept["sort"] = text
    return sort, text.startswith("-")
