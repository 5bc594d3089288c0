"""The threats to builds: each names tests that are there."""

from __future__ import annotations

import re

from tests.docs.pages import DOCS, ROOT

PAGE = DOCS / "why" / "builds-security.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rows() -> list[list[str]]:
    table = PAGE.read_text().partition("## Threats")[2].partition("\n## ")[0]
    lines = [line for line in table.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_every_threat_names_a_test() -> None:
    assert len(rows()) > 10
    assert [threat for threat, _, shown in rows() if not NAMED.search(shown)] == []


def test_every_test_that_is_named_is_there() -> None:
    named = NAMED.findall(PAGE.read_text())
    assert named
    assert [f"{file}::{test}" for file, test in named if f"def {test}(" not in text_of(file)] == []


def text_of(file: str) -> str:
    return (ROOT / file).read_text() if (ROOT / file).exists() else ""
