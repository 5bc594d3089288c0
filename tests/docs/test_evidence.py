"""What pages claim to be shown by a test: the test is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, pages

NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
THREATS = [DOCS / "why" / name for name in ("builds-security.md", "security.md")]
LINK = re.compile(r"\]\([^)]+\)")


def rows(page: Path, heading: str) -> list[list[str]]:
    """Return the rows of the first table under a heading."""
    part = page.read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    table = re.search(r"(?:^\|.*\n)+", part, re.MULTILINE)
    lines = table[0].splitlines()[2:] if table else []
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def shown_by_nothing(found: list[list[str]]) -> list[str]:
    """Return the first cells of rows whose last cell names no test; rows that only group others have but one cell."""
    return [row[0] for row in found if sum(bool(cell.strip("*| ")) for cell in row) > 1 and not NAMED.search(row[-1])]


@pytest.mark.parametrize("page", THREATS, ids=lambda page: page.stem)
def test_every_threat_names_a_test(page: Path) -> None:
    assert len(rows(page, "Threats")) > 10
    assert shown_by_nothing(rows(page, "Threats")) == []


def test_every_claim_about_headgate_names_a_test_or_a_page() -> None:
    page = DOCS / "why" / "comparison.md"
    headings = re.findall(r"^## (.+)$", page.read_text(), re.MULTILINE)
    found = {heading: rows(page, heading) for heading in headings}
    assert sum(map(len, found.values())) > 20
    bare = [
        f"{heading}: {row[0]}"
        for heading, table in found.items()
        for row in table
        if row[-1] != "no" and not NAMED.search(row[-1]) and not LINK.search(row[-1])
    ]
    assert bare == []


@pytest.mark.parametrize("page", pages(), ids=[str(page.relative_to(ROOT)) for page in pages()])
def test_every_test_that_is_named_is_there(page: Path) -> None:
    named = NAMED.findall(page.read_text())
    assert [f"{file}::{test}" for file, test in named if f"def {test}(" not in text_of(file)] == []


def test_a_row_without_a_test_would_be_found() -> None:
    assert shown_by_nothing([["**A group**", "", ""], ["a threat", "nothing", "nobody"]]) == ["a threat"]


def text_of(file: str) -> str:
    return (ROOT / file).read_text() if (ROOT / file).exists() else ""
