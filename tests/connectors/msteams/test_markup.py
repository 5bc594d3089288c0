"""Text for runs and for Markdown: nothing in it does anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from headgate.connectors.msteams.markup import JOINER, cut_markdown, markdown, plain, spaced, web_address
from headgate.model.text import one_line
from headgate.testing.conformance.hostile import HOSTILE

READER = MarkdownIt("commonmark", {"linkify": False}).enable(["strikethrough", "table"])
LINES = {name: one_line(text, 400) for name, text in HOSTILE.items()} | {
    "link": "[click](https://evil.example/)",
    "image": "![x](https://evil.example/p.png)",
    "angle": "<https://evil.example/>",
    "list": "- one",
    "numbers": "1. one",
    "heading": "# one",
    "rule": "---",
    "emphasis": "**a** _b_ ~~c~~ `d`",
    "reference": "[a]: https://evil.example/",
    "entity": "&lt;b&gt; &#60;",
    "escape": "\\[x\\](y) \\",
    "mention": "<at>everyone</at> <AT id=0>",
    "function": "{{DATE(2026-11-21T00:00:00Z,SHORT)}}",
}


def shown(text: str) -> tuple[str, set[str]]:
    """Return a text as a reader of Markdown shows it, and the elements it made beside paragraphs."""
    tokens = READER.parse(text)
    inner = [child for token in tokens for child in token.children or ()]
    kinds = {token.type for token in (*tokens, *inner)}
    usual = {"paragraph_open", "paragraph_close", "inline", "text", "text_special"}
    return "".join(child.content for child in inner), kinds - usual


@pytest.mark.parametrize("name", LINES)
def test_markdown_shows_the_text_and_nothing_else(name: str) -> None:
    text, elements = shown(markdown(LINES[name]))
    assert not elements
    assert text.replace(JOINER, "").strip() == " ".join(LINES[name].split()).strip()


@given(st.text(st.sampled_from("ab1 *_`[]()<>#+-.!|~&:@/\\={}\"'wW"), max_size=40))
def test_markdown_never_makes_an_element(text: str) -> None:
    read, elements = shown(markdown(text))
    assert not elements
    assert read.replace(JOINER, "") == " ".join(text.split())


def test_nothing_in_markdown_is_left_that_a_client_makes_a_link_of() -> None:
    for text in ("https://evil.example/", "http://a.example", "WWW.evil.example", "eve@evil.example", "mailto:eve"):
        seen, _ = shown(markdown(f"see {text} now"))
        assert JOINER in seen
        assert text not in seen


def test_a_run_keeps_its_text_but_for_mentions_and_functions() -> None:
    assert plain("a_b *c* [d](e) </b> {f}") == "a_b *c* [d](e) </b> {f}"
    assert plain("<at>x</at>") == f"<{JOINER}at>x<{JOINER}/at>"
    assert plain("{{TIME(x)}} {{{DATE(y)}}}") == f"{{{JOINER}{{TIME(x)}}}} {{{JOINER}{{{JOINER}{{DATE(y)}}}}}}"


def test_blanks_of_a_log_line_stay() -> None:
    assert spaced("  a b   c") == "\N{NO-BREAK SPACE}" * 2 + "a b" + "\N{NO-BREAK SPACE}" * 3 + "c"


@given(st.text(max_size=60), st.integers(3, 80))
def test_a_cut_never_leaves_half_an_escape(text: str, octets: int) -> None:
    whole = markdown(text)
    cut = cut_markdown(whole, octets)
    assert len(cut.encode()) <= max(octets, 3)
    if cut != whole:
        kept = cut.removesuffix("…")
        assert whole.startswith(kept)
        assert (len(kept) - len(kept.rstrip("\\"))) % 2 == 0


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "https://",
        "https://example.org/ x",
        "https://example.org/<at>",
        "https://example.org/…",
        "file:///etc/passwd",
        "https://example.org/" + "x" * 3000,
        "//example.org",
        "https://[::1",
        "",
    ],
)
def test_what_is_no_address_of_the_web_is_no_button(url: str) -> None:
    assert web_address(url) == ""


def test_an_address_of_the_web_is_kept() -> None:
    assert (
        web_address("https://hpc.example.org:8443/jobs/1?a=b&c=%20#d")
        == "https://hpc.example.org:8443/jobs/1?a=b&c=%20#d"
    )
