"""The hand-written pages, and the pieces of them that can be checked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
GENERATED = DOCS / "reference" / "generated"
_FENCE = re.compile(
    r"^(?P<indent> *)(?P<fence>```+)(?P<language>\w*)[^\n]*\n(?P<text>.*?)^(?P=indent)(?P=fence)[ ]*$",
    re.MULTILINE | re.DOTALL,
)
_RUNNABLE = re.compile(r"<!-- runnable: (?P<name>[\w-]+) -->\s*\Z")
_CODE_IN_LINE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
_LINK = re.compile(r"\]\((?P<target>[^()\s]+)\)")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of code. ``name``: what it is called in its mark, if it is to be run."""

    page: Path
    line: int
    language: str
    text: str
    name: str = ""

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    """Return every page somebody wrote, by name."""
    written = [path for path in DOCS.rglob("*.md") if GENERATED not in path.parents]
    readmes = (ROOT / "src").rglob("README.md")
    return sorted([*ROOT.glob("*.md"), *written, *readmes])


def blocks(page: Path) -> Iterator[Block]:
    """Yield the blocks of a page."""
    text = page.read_text()
    for match in _FENCE.finditer(text):
        mark = _RUNNABLE.search(text[: match.start()])
        lines = match["text"].splitlines(keepends=True)
        yield Block(
            page,
            text.count("\n", 0, match.start()) + 1,
            match["language"],
            "".join(line.removeprefix(match["indent"]) for line in lines),
            mark["name"] if mark else "",
        )


def all_blocks(*languages: str) -> list[Block]:
    """Return the blocks of these languages on all pages."""
    return [block for page in pages() for block in blocks(page) if block.language in languages]


def runnable(name: str) -> str:
    """Return the text of the one block that is marked with this name."""
    found = [block.text for page in pages() for block in blocks(page) if block.name == name]
    assert len(found) == 1, f"{len(found)} blocks are called {name}"
    return found[0]


def code_in_lines(page: Path) -> list[tuple[int, str]]:
    """Return the pieces of code inside lines, with their line numbers."""
    prose = _FENCE.sub(lambda match: "\n" * match[0].count("\n"), page.read_text())
    return [(prose.count("\n", 0, match.start()) + 1, match[1]) for match in _CODE_IN_LINE.finditer(prose)]


def links(page: Path) -> list[str]:
    """Return the targets of all links."""
    return [match["target"] for match in _LINK.finditer(_FENCE.sub("", page.read_text()))]
