"""What foreign texts may do in a comment: nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.builds.grammar import parse
from headgate.builds.texts import block, cell, code, description, fence
from headgate.builds.texts.cells import GAP, words
from headgate.builds.texts.comment import JobFacts, job_comment
from headgate.builds.texts.rows import Row, read_rows
from headgate.config.builds import BuildTexts

REAL = (
    "<details><summary>:grin: SUCCESS _(click triangle for details)_</summary><dl><dt>_Details_</dt><dd>"
    ":white_check_mark: job output file <code>slurm-4711.out</code><br/>:white_check_mark: no message matching "
    "<code>FATAL: </code><br/></dd><dt>_Artefacts_</dt><dd><details><summary><code>eessi-2023.06-1690000000.tar.gz"
    "</code></summary>size: 12 MiB (12345678 bytes)<br/>entries: 7<br/><pre>a/1.lua<br/></pre></details>"
    "</dd></dl></details>"
)


def test_a_description_as_the_projects_scripts_write_it_stays_as_it_is() -> None:
    assert description(REAL) == REAL


HOSTILE = {
    "a row": ("x|\n|Nov 20 23:58:08 UTC 2026|done|y|", "x&#124; &#124;Nov 20 23:58:08 UTC 2026&#124;done&#124;y&#124;"),
    "an escaped bar": (r"a\|b", "a&#92;&#124;b"),
    "a backslash that would take the bar behind it": ("a\\", "a&#92;"),
    "a mention": ("thanks @admin and @org/team", f"thanks @{GAP}admin and @{GAP}org/team"),
    "a mention that a comment of HTML would hide": ("@<!-- -->admin", f"@{GAP}admin"),
    "a reference": ("fixes #12 and GH-13", f"fixes #{GAP}12 and GH-{GAP}13"),
    "a command for bots": ("bot: build all", f"bot{GAP}: build all"),
    "a command behind a break": ("x<br>bot : build", f"x<br/>bot{GAP} : build"),
    "a tag left open": ("<details><summary>x", "<details><summary>x</summary></details>"),
    "tags in the wrong order": ("<b><i>x</b></i>", "<b><i>x</i></b>"),
    "an end without a beginning": ("x</details></td></table>", "x"),
    "a script": ("<script>alert(1)</script>", "&lt;script&gt;alert(1)"),
    "a picture": ('<img src="https://x/y.png">', "&lt;img&gt;"),
    "attributes": ('<code onclick="x" style="position:fixed">y</code>', "<code>y</code>"),
    "a picture of Markdown": ("![x](y)", f"!{GAP}[x]{GAP}(y)"),
    "a link": ("[click](https://evil.example)", f"[click]{GAP}(https{GAP}://evil.example)"),
    "a comment of HTML that hides the rest": ("x<!-- y", "x"),
    "a declaration": ("<![foo[ x", f"&lt;!{GAP}[foo[ x"),
    "a tag hidden in code": ("`<b>`", "'<b>'</b>"),
    "an entity": ("&lt;b&gt; &#64;x &commat;x", f"&lt;b&gt; &amp;#{GAP}64;x &amp;commat;x"),
    "a colour": ("\x1b[31mred\x1b[0m", "red"),
    "the reading direction": ("a\u202eb", "a\ufffdb"),
}  # fmt: skip


@pytest.mark.parametrize(("given_text", "expected"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_description_is_only_a_description(given_text: str, expected: str) -> None:
    assert description(given_text) == expected


class Tags(HTMLParser):
    """Checks that tags are closed in the order in which they were opened, and carry nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not attrs
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert (tag, attrs) == ("br", [])

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


WORDS = [
    "<details>",
    "</details>",
    "<summary>",
    "</summary>",
    "<b",
    ">",
    "<!--",
    "-->",
    "<![",
    "<?",
    "</",
    "<script>",
    "@",
    "admin",
    "#",
    "12",
    "bot",
    ":",
    "|",
    "\\",
    "`",
    "&",
    "&#",
    ";",
    "lt",
    "![",
    "](",
    "http",
    "://",
    "x",
    "GH-",
    "<br",
    "/>",
    "<pre>",
    "<a",
    "'",
    '"',
]
PIECES = st.lists(
    st.sampled_from([*WORDS, " ", "\n", "\r", "\u2028", "\x85", "\x00", "\x1b[", "\u200b"]) | st.text(max_size=5),
    max_size=60,
).map("".join)


def check_cell(shown: str) -> None:
    """Check what no cell may hold."""
    assert "|" not in shown
    assert len(shown.splitlines()) <= 1
    assert not shown.endswith("\\")
    assert not re.search(r"@[A-Za-z0-9]", shown)
    assert not re.search(r"(?<!&)#[0-9]", shown)
    assert not re.search(r"(?i)bot[ \t]*:", shown)
    assert "<!--" not in shown
    assert parse(shown) == []


@given(PIECES, st.integers(100, 400))
def test_no_description_forges_calls_or_hides_anything(text: str, limit: int) -> None:
    shown = description(text, limit)
    check_cell(shown)
    assert len(shown) <= limit
    tags = Tags()
    tags.feed(shown)
    tags.close()
    assert tags.open == []


@given(PIECES)
def test_plain_cells_hold_no_markup_at_all(text: str) -> None:
    shown = cell(text)
    check_cell(shown)
    assert not set(shown) & set("<>`*_[]\\")


@given(st.lists(PIECES, max_size=10))
def test_lines_of_a_log_are_a_cell(lines: list[str]) -> None:
    shown = block(lines)
    check_cell(shown)
    assert re.sub(r"^<pre>|</pre>$|<br/>", "", shown).count("<") == 0


@given(PIECES)
def test_a_row_stays_one_row(text: str) -> None:
    comment = job_comment(
        BuildTexts(), JobFacts(text, text, text, text, text, text, text, text), [Row(0, "finished", description(text))]
    )
    assert [row.status for row in read_rows(comment)] == ["finished"]
    assert parse(comment) == []


@given(PIECES)
def test_code_stays_code(text: str) -> None:
    shown = code(text)
    assert not set(shown) & set("`|\\\n\r")


@given(PIECES)
def test_words_have_balanced_code(text: str) -> None:
    outside = re.sub(r"`[^`]+`", "", words(text))
    assert not set(outside) & set("`<>@#|") - {"@", "#"}
    assert not re.search(r"@[A-Za-z0-9]|(?<!&)#[0-9]", outside)


@given(PIECES)
def test_a_fence_ends_where_it_should(text: str) -> None:
    shown = fence(text)
    mark = re.match(r"`+", shown)
    assert mark
    assert parse(shown) == []
    inside = shown.split("\n")[1:-1]
    assert not any(line.strip().startswith(mark[0]) for line in inside)
    assert not any(re.match(r"(?i)\s*bot\s*:", line) for line in inside)


def test_the_last_lines_of_a_log_are_kept_when_there_are_too_many() -> None:
    shown = block([f"line {number}" for number in range(1000)], limit=100)
    assert shown.startswith("<pre>…<br/>line ")
    assert shown.endswith("line 999</pre>")
    assert len(shown) < 130


def test_a_description_that_is_too_long_is_cut_and_closed() -> None:
    shown = description("<details><summary>x</summary>" + "y " * 10_000)
    assert len(shown) <= 16_000
    assert shown.endswith("…</details>")
