from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.builds.grammar import Help, Misspelt, is_addressed, parse

COMMAND = "bot: help"
NOT_SAID = {
    "a fence": f"```\n{COMMAND}\n```",
    "a fence of tildes": f"~~~ text\n{COMMAND}\n~~~",
    "a fence that is never closed": f"Look:\n\n```\n{COMMAND}\n",
    "a fence that a shorter one does not close": f"````\n```\n{COMMAND}\n````",
    "a fence in a list": f"- before\n  ```\n  {COMMAND}\n  ```",
    "a fence that begins on a list's line": f"- ```\n  {COMMAND}\n  ```",
    "a fence in a quotation": f"> ```\n> {COMMAND}\n> ```",
    "a quotation": f"> {COMMAND}",
    "a quotation in a list": f"- > {COMMAND}",
    "a quotation after a separator that is no line break": f"> said\u2028{COMMAND}",
    "a quotation after a form feed": f"> said\x0c{COMMAND}",
    "a code block by indentation": f"Look:\n\n    {COMMAND}",
    "a comment that is not shown": f"<!--\n{COMMAND}\n-->",
    "preformatted text": f"<pre>\n{COMMAND}\n</pre>",
    "a quotation in HTML": f"<blockquote>\n{COMMAND}\n</blockquote>",
    "the middle of a line": f"please say {COMMAND}",
    "a span of code over lines": f"see `x\n{COMMAND}\ny`",
    "a span of code between two backticks": f"see ``x ` y\n{COMMAND}\n`z``",
    "a comment of HTML in a paragraph": f"see <!--\n{COMMAND}\n-->",
    "code of HTML in a paragraph": f"see <code>x\n{COMMAND}\n</code>",
    "code of HTML that is never closed": f"see <pre>\n{COMMAND}",
    "an item of a list": f"- {COMMAND}",
    "a span of code": f"`{COMMAND}`",
}
SAID = {
    "alone": COMMAND,
    "after text": f"Thanks!\n{COMMAND}",
    "after a closed fence": f"```\nx\n```\n{COMMAND}",
    "after a quotation and an empty line": f"> said\n\n{COMMAND}",
    "after a quotation that holds an open fence": f"> ```\n> x\n\n{COMMAND}",
    "after code between backticks that looks like a fence": f"```x``` is it\n{COMMAND}",
    "below a backtick alone": f"it`s\n{COMMAND}",
    "between backticks of different numbers": f"a ` b\n{COMMAND}\n`` c",
    "after a span of code": f"`x`\n{COMMAND}\n`y`",
    "below a backtick that is escaped": f"a \\` b\n{COMMAND}\nc ` d",
    "below a comment that is not closed": f"a <!-- b\n{COMMAND}",
    "below a list": f"- one\n- two\n\n{COMMAND}",
    "with Windows' line ends": f"Hello\r\n{COMMAND}\r\n",
    "with up to three blanks before it": f"   {COMMAND}",
    "behind a triangle": f"<details>\n{COMMAND}\n</details>",
    "above what makes it a heading": f"{COMMAND}\n---",
    "without the blank": "bot:help",
    "with more blanks": "bot:   help  ",
    "with another case": "Bot: Help",
}


@pytest.mark.parametrize("body", NOT_SAID.values(), ids=NOT_SAID.keys())
def test_what_is_only_shown_is_not_done(body: str) -> None:
    assert parse(body) == []


@pytest.mark.parametrize("body", SAID.values(), ids=SAID.keys())
def test_what_is_said_is_done(body: str) -> None:
    assert [line.command for line in parse(body)] == [Help()]


def test_a_line_that_goes_on_with_a_quotation_is_answered_and_not_done() -> None:
    (line,) = parse(f"> somebody said\n{COMMAND}")
    assert line.command == Misspelt(
        "this line belongs to the quotation above it and was not done; leave an empty line between them"
    )


def test_lines_are_numbered_as_in_the_comment() -> None:
    assert [line.number for line in parse(f"one\r\n\r\n{COMMAND}\n\n{COMMAND}")] == [3, 5]


def test_a_comment_of_thousands_of_lines_is_read_no_further_than_2000() -> None:
    assert len(parse("x\n" * 1999 + COMMAND)) == 1
    assert parse("x\n" * 2000 + COMMAND) == []


def test_what_is_no_comment_for_the_bot_is_seen_at_once() -> None:
    assert not is_addressed("Looks good to me.\nbots: are nice\n```\nrobot: x\n```")
    assert is_addressed("Thanks\nbot: build")
    assert is_addressed("bot show_config")


MARKS = [
    "```",
    "~~~",
    "<!--",
    "-->",
    "<pre>",
    "</pre>",
    "<details>",
    "bot:",
    "text",
    "[a]:",
    "`",
    "---",
    "|",
    "\\",
    "&#10;",
]
BLANKS = ["> ", "- ", "1. ", "    ", "\t", "\n", "\n\n", "\r", "\r\n", "\u2028", "\x00"]
FRAGMENTS = st.sampled_from([*MARKS, *BLANKS, "bot: help", "bot: build for:arch=zen2"])


@given(st.lists(FRAGMENTS, max_size=40).map("".join))
def test_no_mixture_of_markdown_and_commands_is_too_much(body: str) -> None:
    for line in parse(body):
        assert body.splitlines()
        assert line.text


@given(st.text())
def test_no_text_is_too_much(body: str) -> None:
    parse(body)
    parse(f"bot: {body}")
    parse(f"bot: build {body}")


@given(st.lists(FRAGMENTS, max_size=20).map("".join), st.integers(3, 6))
def test_nothing_in_a_fence_is_done_whatever_it_is(inside: str, ticks: int) -> None:
    mark = "`" * (ticks + 3)
    assert parse(f"{mark}\n{inside}\n{mark}") == []


@given(st.lists(FRAGMENTS, max_size=20).map("".join))
def test_nothing_in_a_quotation_is_done_whatever_it_is(inside: str) -> None:
    quoted = "\n".join(f"> {line}" for line in inside.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    assert parse(quoted) == []
