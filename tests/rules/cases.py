"""StackStorm's operators with their edge cases: one table, for our engine and for the real one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

NOW = 1_800_000_000.0
"""2027-01-15 08:00 UTC."""


@dataclass(frozen=True)
class Case:
    """What an operator says of a value and a pattern. ``ours``: where Headgate goes beyond StackStorm, on purpose."""

    operator: str
    value: Any
    pattern: Any
    matches: bool
    ours: bool = False
    extra: dict[str, Any] = field(default_factory=dict)
    missing: bool = False

    def __str__(self) -> str:
        return f"{self.operator}-{self.value!r}-{self.pattern!r}"[:90]


def _each(names: str, *cases: tuple[Any, Any, bool]) -> list[Case]:
    return [Case(name, *case) for name in names.split() for case in cases]


CASES = [
    *_each(
        "eq equals",
        ("down", "down", True),
        ("down", "Down", False),
        (1, 1, True),
        (1, "1", False),
        (1, 1.0, True),
        (True, 1, True),
        (0, False, True),
        ("", "", True),
        ("", None, False),
        (None, None, False),
        (None, "None", False),
        ([1, 2], [1, 2], True),
        ([1, 2], [2, 1], False),
        ({"a": 1}, {"a": 1}, True),
        ("stra\u00dfe", "stra\u00dfe", True),
        ("e\u0301", "\u00e9", False),
        (" down", "down", False),
    ),
    *_each(
        "neq nequals",
        ("down", "up", True),
        ("down", "down", False),
        (None, None, False),
        (None, "down", True),
        ("down", None, True),
        (1, "1", True),
        (1, 1.0, False),
        ([1], [1], False),
    ),
    *_each(
        "ieq iequals",
        ("DOWN", "down", True),
        ("\u00c4", "\u00e4", True),
        ("\u00df", "SS", False),
        ("\u0130", "i\u0307", True),
        ("down", None, False),
        (None, "down", False),
        (1, 1, False),
        (1, "1", False),
    ),
    *_each(
        "contains",
        ("node n4 is down", "n4", True),
        ("node n4", "N4", False),
        ("abc", "", True),
        ("", "", True),
        ("abc", None, False),
        (None, "a", False),
        (["n4", "n5"], "n4", True),
        (["n4", "n5"], "n", False),
        ([1, 2], 1, True),
        ([1, 2], "1", False),
        ({"n4": 1}, "n4", True),
        ({"n4": 1}, 1, False),
        ("12", 1, False),
        (12, 1, False),
        ([[1]], [1], True),
        ({"a": 1}, ["a"], False),
    ),
    *_each(
        "icontains",
        ("Node N4", "n4", True),
        ("Node N4", "n5", False),
        (["N4"], "n4", False),
        ("abc", None, False),
        (None, "a", False),
    ),
    *_each(
        "ncontains",
        ("abc", "d", True),
        ("abc", "b", False),
        (["a"], "b", True),
        (["a"], "a", False),
        ({"a": 1}, "b", True),
        ({"a": 1}, ["b"], False),
        ("abc", None, False),
        (None, "a", False),
        (5, "a", False),
    ),
    *_each(
        "incontains",
        ("abc", "D", True),
        ("abc", "B", False),
        (None, "a", False),
        (["a"], "b", False),
        ("a", None, False),
    ),
    *_each(
        "startswith",
        ("gpu01", "gpu", True),
        ("gpu01", "GPU", False),
        ("gpu01", "", True),
        ("gpu01", None, False),
        (None, "g", False),
        (["gpu"], "gpu", False),
        (1, "1", False),
    ),
    *_each("istartswith", ("GPU01", "gpu", True), ("xgpu", "gpu", False), ("GPU01", None, False), (None, "g", False)),
    *_each(
        "endswith",
        ("gpu01", "01", True),
        ("gpu01", "02", False),
        ("gpu01", "", True),
        ("a", None, False),
        (None, "a", False),
    ),
    *_each("iendswith", ("nodeA", "a", True), ("nodeA", "b", False), ("a", None, False), (None, "a", False)),
    *_each(
        "regex",
        ("Kill task failed", r"task\s+failed$", True),
        ("Kill task failed", "^task", False),
        ("a\nb", "^b", False),
        ("a\nb", "a.b", False),
        ("KILL", "kill", False),
        ("n\u00f6d", r"^\w+$", True),
        ("ab", "(?<=a)b", True),
        ("abab", r"^(ab)\1$", True),
        ("abc", "", True),
        ("abc", None, False),
        (None, "a", False),
        (None, "", False),
        (5, "5", False),
        (["a"], "a", False),
        ("abc", "(", False),
        ("5", "5", True),
    ),
    *_each(
        "iregex",
        ("KILL task", "kill", True),
        ("\u00c4", "\u00e4", True),
        ("a", None, False),
        (None, "a", False),
        ("a", "[", False),
    ),
    *_each(
        "matchregex",
        ("down", "do", True),
        ("xdown", "do", False),
        ("a\nb", "a.b", True),
        ("down", "^down$", True),
        ("down", None, False),
        (None, "a", False),
        (1, "1", False),
    ),
    *_each(
        "matchwildcard",
        ("gpu01", "gpu*", True),
        ("gpu01", "GPU*", False),
        ("gpu01", "gpu0?", True),
        ("gpu01", "gpu0[0-3]", True),
        ("gpu05", "gpu0[!5]", False),
        ("a\nb", "a*b", True),
        ("gpu", "", False),
        ("", "", True),
        ("a", None, False),
        (None, "*", False),
        (1, "1", False),
    ),
    *_each(
        "gt greaterthan",
        (2, 1, True),
        (1, 1, False),
        (1.5, 1, True),
        ("b", "a", True),
        ("10", "9", False),
        (10, "9", False),
        ("10", 9, False),
        (True, 0, True),
        ([2], [1, 5], True),
        ([1, 5], [1], True),
        ([1, "a"], [1, 2], False),
        (None, 1, False),
        (1, None, False),
        ({"a": 1}, {"a": 0}, False),
    ),
    *_each(
        "lt lessthan",
        (1, 2, True),
        (1, 1, False),
        (-1, 0, True),
        ("a", "b", True),
        ("9", "10", False),
        (9, "10", False),
        ([1], [1, 5], True),
        (None, 1, False),
        (0, None, False),
        ([1], 2, False),
    ),
    *_each(
        "td_gt timediff_gt",
        ("2027-01-15T07:00:00Z", 60, True),
        ("2027-01-15T07:59:30Z", 60, False),
        ("2027-01-15 07:00", "60", True),
        ("2027-01-15T07:00:00-05:00", 60, False),
        ("2027-01-15T09:30:00+02:00", 60, True),
        ("Jan 14 2027", 3600, True),
        ("2027-01-16T00:00:00Z", -86400, True),
        ("no date", 60, False),
        ("", 60, False),
        (None, 60, False),
        ("2027-01-15T07:00:00Z", None, False),
        ("2027-01-15T07:00:00Z", "an hour", False),
        ([], 60, False),
    ),
    *_each(
        "td_lt timediff_lt",
        ("2027-01-15T07:59:30Z", 60, True),
        ("2027-01-15T07:00:00Z", 60, False),
        ("2027-01-16T00:00:00Z", 0, True),
        ("no date", 60, False),
        (None, 60, False),
        ("2027-01-15T07:59:30Z", None, False),
    ),
    *[Case("td_gt", NOW - 100, 60, matches=True, ours=True), Case("td_lt", NOW - 100, 60, matches=False, ours=True)],
    *_each("exists", ("a", None, True), ("", None, True), (0, None, True), (False, None, True), ([], None, True)),
    *_each("exists", (None, None, False), ("a", "whatever", True)),
    Case("exists", None, None, matches=False, missing=True),
    *_each("nexists", (None, None, True), ("a", None, False), (0, None, False), ("", None, False)),
    Case("nexists", None, None, matches=True, missing=True),
    *_each(
        "in inside",
        ("down", ["down", "fail"], True),
        ("up", ["down", "fail"], False),
        ("ow", "down", True),
        (1, [1, 2], True),
        ("1", [1, 2], False),
        ("a", {"a": 1}, True),
        (["a"], {"a": 1}, False),
        ([1], [[1]], True),
        (1, "1", False),
        ("a", None, False),
        (None, [None], True),
        (None, "a", False),
        ("a", 5, False),
    ),
    *_each(
        "nin ninside",
        ("up", ["down"], True),
        ("down", ["down"], False),
        ("x", "down", True),
        (None, ["down"], True),
        (None, "down", False),
        ("a", None, False),
        ("a", 5, False),
        (["a"], {"a": 1}, False),
    ),
    *[
        Case(name, None, "x", matches=name in {"neq", "nequals"}, missing=True)
        for name in ("eq", "neq", "contains", "regex")
    ],
]

_FIELDS = [{"name": "Status", "to": "Approved", "n": 45}, {"name": "Signed", "to": "Stanley", "n": 55}]
_STATUS = {"item.name": {"type": "equals", "pattern": "Status"}, "item.to": {"type": "iequals", "pattern": "approved"}}
_OUT = {"item.n#1": {"type": "lessthan", "pattern": 40}, "item.n#2": {"type": "greaterthan", "pattern": 50}}


def _search(value: Any, condition: str, pattern: dict[str, Any], *, matches: bool) -> Case:
    return Case("search", value, pattern, matches, extra={"condition": condition})


CASES += [
    _search(_FIELDS, "any", _STATUS, matches=True),
    _search(_FIELDS, "all", _STATUS, matches=False),
    _search(_FIELDS[:1], "all", _STATUS, matches=True),
    _search(_FIELDS, "any", {"item.to": {"type": "startswith", "pattern": "S"}}, matches=True),
    _search(_FIELDS, "all", {"item.to": {"type": "exists"}}, matches=True),
    _search(_FIELDS, "any", {"item.nothing": {"type": "exists"}}, matches=False),
    _search(_FIELDS, "any2any", _OUT, matches=True),
    _search(_FIELDS[:1], "any2any", _OUT, matches=False),
    _search(_FIELDS, "all2any", _OUT, matches=False),
    _search(_FIELDS[1:], "all2any", _OUT, matches=True),
    _search([], "any", _STATUS, matches=False),
    _search([], "all", _STATUS, matches=True),
    _search([], "any2any", _STATUS, matches=False),
    _search(_FIELDS, "any", {}, matches=True),
    _search(_FIELDS, "any2any", {}, matches=False),
    _search(_FIELDS[0], "all", _STATUS, matches=True),
    _search(None, "any", _STATUS, matches=False),
    _search(5, "all", _STATUS, matches=False),
    _search(["n4", "n5"], "any", {"item": {"type": "equals", "pattern": "n5"}}, matches=True),
    _search("ab", "any", {"item": {"type": "equals", "pattern": "b"}}, matches=True),
    _search(
        [{"l": [1, 2]}],
        "any",
        {"item.l": {"type": "search", "condition": "all", "pattern": {"item": {"type": "gt", "pattern": 0}}}},
        matches=True,
    ),
]

KEYS: list[tuple[str, Any]] = [
    ("trigger.node", "n4"),
    ("trigger.node#1", "n4"),
    ("trigger.node#a#b", "n4"),
    ("trigger.headers['X-Custom-Header']", "yes"),
    ('trigger.headers["X-Custom-Header"]', "yes"),
    ("trigger.headers.X-Custom-Header", "yes"),
    ("trigger.list[0].name", "first"),
    ("trigger.list[*].name", "first"),
    ("trigger.list[5].name", None),
    ("trigger.missing", None),
    ("trigger.node.deeper", None),
    ("trigger.null", None),
    ("trigger.zero", 0),
    ("trigger..name", "first"),
    ("node", None),
]
"""Keys of criteria, and the value each finds in ``PAYLOAD``."""
PAYLOAD: dict[str, Any] = {
    "node": "n4",
    "headers": {"X-Custom-Header": "yes"},
    "list": [{"name": "first"}, {"name": "second"}],
    "null": None,
    "zero": 0,
}
