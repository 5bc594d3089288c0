from __future__ import annotations

import pytest

from headgate.connectors.matrix.identifiers import is_alias, is_room, is_user, local_part, server_of


@pytest.mark.parametrize(
    "room",
    [
        "!OGEhHVWSdvArJzumhm:matrix.org",
        "!M9NITcCt1Q_E5qF2r7Wa5gtreWET6OyWdTdj6oRP8PE",
        "!a:localhost:8448",
        "!a:[2001:db8::1]:8448",
    ],
)
def test_rooms_of_old_and_of_new_versions(room: str) -> None:
    assert is_room(room)


@pytest.mark.parametrize("alias", ["#hpc:example.org", "#hpc_jobs-1.2:example.org:8448", "#r\u00e4ume:example.org"])
def test_aliases(alias: str) -> None:
    assert is_alias(alias)


@pytest.mark.parametrize("user", ["@ada:example.org", "@ada.l=1/x+y:example.org"])
def test_users(user: str) -> None:
    assert is_user(user)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "!",
        "#",
        "@",
        "ada",
        "!a b",
        "!a:",
        "!a\n",
        "!a:b\n",
        "#a",
        "#a:",
        "#:b",
        "#a#b:c",
        "#a:b/c",
        "#a:-b",
        "#\u202ea:b",
        "#a\x00:b",
        "@Ada:example.org",
        "@ada",
        "!" + "a" * 300,
        "#" + "\u00e4" * 150 + ":example.org",
        "!a%2Fb",
        "#a:b?x",
    ],
)
def test_what_is_none_of_them(text: str) -> None:
    assert [is_room(text), is_alias(text), is_user(text)] == [False, False, False]


def test_the_parts_of_a_user() -> None:
    assert (local_part("@ada:example.org:8448"), server_of("@ada:example.org:8448")) == ("ada", "example.org:8448")
    assert server_of("!room") == ""
