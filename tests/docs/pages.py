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
_MARK = re.compile(r"<!-- (?P<kind>[a-z ]+)(?:: (?P<text>[^>]+?))? -->\s*\Z")
_STEP = re.compile(r"<!-- the reader: (?P<what>[^>]+?) -->")
_CODE_IN_LINE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
_LINK = re.compile(r"\]\((?P<target>[^()\s]+)\)")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of code, with the mark before it: ``<!-- KIND: ABOUT -->``, a comment that no reader sees.

    runnable: NAME
        a test runs the block by this name
    run: WHERE; OPTION; …
        a test walks the page and runs the block there; see tests/docs/walk.py for the options
    compared: SOURCE; OPTION; …
        a text that is held against what this source printed; without a mark, against the block that was run before
    not run: WHY
        nothing runs it
    only shown: WHY
        a text that is compared with nothing
    """

    page: Path
    line: int
    language: str
    text: str
    kind: str = ""
    about: str = ""

    @property
    def name(self) -> str:
        """What it is called, if a test runs it by its name."""
        return self.about if self.kind == "runnable" else ""

    @property
    def options(self) -> list[str]:
        """The parts of what its mark says."""
        return [part.strip() for part in self.about.split(";")]

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
        mark = _MARK.search(text[: match.start()])
        lines = match["text"].splitlines(keepends=True)
        yield Block(
            page,
            text.count("\n", 0, match.start()) + 1,
            match["language"],
            "".join(line.removeprefix(match["indent"]) for line in lines),
            mark["kind"] if mark else "",
            (mark["text"] or "") if mark else "",
        )


def steps(page: Path) -> list[Block | str]:
    """Return the blocks of a page, and between them what its reader does elsewhere: ``<!-- the reader: … -->``."""
    text = page.read_text()
    found: list[tuple[int, Block | str]] = [(block.line, block) for block in blocks(page)]
    found += [(text.count("\n", 0, match.start()) + 1, match["what"]) for match in _STEP.finditer(text)]
    return [step for _, step in sorted(found, key=lambda one: one[0])]


def has_runs(page: Path) -> bool:
    """Whether a page has something that a walk runs."""
    return any(block.kind == "run" for block in blocks(page))


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
