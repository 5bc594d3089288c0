from __future__ import annotations

import pytest

from headgate.testing.discord.markup import marks, plain


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("plain text, 03:43:02, a_b_c, 5 > 3", []),
        ("@everyone and <@&1>", ["mention", "mention"]),
        ("`@everyone`", ["code"]),
        ("```\n@here\n```", ["code block"]),
        ("\\@everyone", []),
        ("\\\\@everyone", ["mention"]),
        ("[a](https://example.org)", ["masked link"]),
        ("\\[a](https://example.org)", ["link"]),
        (":smile: <:x:1>", ["emoji", "emoji"]),
        ("x\n# big\n-# small\n> said\n- item", ["heading", "heading", "quote", "list"]),
        ("discord.gg/abc", ["invitation"]),
    ],
)
def test_what_means_something_is_found(text: str, kinds: list[str]) -> None:
    assert [mark.kind for mark in marks(text)] == kinds


def test_a_reader_sees_no_escapes() -> None:
    assert plain("\\*a\\* `b` \\\\") == "*a* b \\"
