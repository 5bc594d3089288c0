from __future__ import annotations

from typing import Any

import pytest

from headgate.connectors.matrix.standing import Standing, standing_in
from headgate.connectors.matrix.sync import Invitation, news_in

US = "@headgate:example.org"
ROOM = "!room:example.org"


def joined(*events: object) -> dict[str, Any]:
    return {"next_batch": "s1", "rooms": {"join": {ROOM: {"timeline": {"events": list(events)}}}}}


def message(**more: Any) -> dict[str, Any]:
    content = {"msgtype": "m.text", "body": "jobs", **more.pop("content", {})}
    return {"type": "m.room.message", "sender": "@ada:x.org", "event_id": "$1", "content": content, **more}


def member(user: str, membership: str, sender: str = "@ada:x.org", **more: str) -> dict[str, Any]:
    content = {"membership": membership, **more}
    return {"type": "m.room.member", "state_key": user, "sender": sender, "content": content}


def test_a_text_is_something_said() -> None:
    event = message(
        content={"m.mentions": {"user_ids": [US, 5]}, "formatted_body": "<b>jobs</b>"}, unsigned={"age": 2500}
    )
    (said,) = news_in(joined(event), US).said
    assert (said.room, said.sender, said.body, said.html, said.age) == (ROOM, "@ada:x.org", "jobs", "<b>jobs</b>", 2.5)
    assert said.mentioned == {US}


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(message(content={"msgtype": "m.notice"}), id="another bot"),
        pytest.param(message(content={"msgtype": "m.image"}), id="picture"),
        pytest.param(message(content={"m.relates_to": {"rel_type": "m.replace"}}), id="correction"),
        pytest.param(message(content={"body": 5}), id="body that is none"),
        pytest.param(message(sender=US), id="ourselves"),
        pytest.param(message(sender="nobody"), id="sender that is none"),
        pytest.param(message(event_id=None), id="without id"),
        pytest.param({"type": "m.reaction"}, id="reaction"),
        pytest.param("text", id="no event"),
    ],
)
def test_other_events_are_not(event: object) -> None:
    assert news_in(joined(event), US).said == ()


def test_what_was_said_is_bounded() -> None:
    (said,) = news_in(joined(message(content={"body": "x" * 100_000})), US).said
    assert len(said.body) == 4000


def test_comings_and_goings_and_encryption_are_told_by_room() -> None:
    news = news_in(joined(member("@eve:x.org", "leave"), {"type": "m.room.encrypted"}), US)
    assert (news.changed, news.encrypted) == (frozenset({ROOM}), frozenset({ROOM}))


@pytest.mark.parametrize("encrypted", [True, False])
def test_an_invitation_says_by_whom_and_whether_encrypted(encrypted: bool) -> None:
    events = [member(US, "invite"), *([{"type": "m.room.encryption", "content": {}}] if encrypted else [])]
    content = {"next_batch": "s", "rooms": {"invite": {ROOM: {"invite_state": {"events": events}}}}}
    assert news_in(content, US).invitations == (Invitation(ROOM, "@ada:x.org", encrypted),)


@pytest.mark.parametrize(
    "rooms", [None, [], {"join": 5}, {"join": {ROOM: []}}, {"join": {"no room": {}}}, {"invite": {ROOM: {}}}]
)
def test_what_cannot_be_read_is_nothing_new(rooms: object) -> None:
    news = news_in({"next_batch": "s", "rooms": rooms}, US)
    assert (news.said, news.invitations, news.changed) == ((), (), frozenset())


@pytest.mark.parametrize("content", [{}, {"next_batch": ""}, {"next_batch": 5}])
def test_an_answer_without_a_place_is_none(content: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="next_batch"):
        news_in(content, US)


@pytest.mark.parametrize(
    ("rooms", "standing"),
    [
        ({"join": {ROOM: {}}}, Standing("join")),
        (
            {"leave": {ROOM: {"timeline": {"events": [member(US, "leave", reason="bye")]}}}},
            Standing("leave", "@ada:x.org", "bye"),
        ),
        ({"leave": {ROOM: {"state": {"events": [member(US, "ban")]}}}}, Standing("ban", "@ada:x.org")),
        ({"leave": {ROOM: {"timeline": {"events": []}}}}, Standing("leave")),
        ({"invite": {ROOM: {"invite_state": {"events": [member(US, "invite")]}}}}, Standing("invite", "@ada:x.org")),
        ({"invite": {ROOM: {}}}, Standing("invite")),
        ({"join": {"!other:x.org": {}}}, Standing("none")),
        ({}, Standing("none")),
    ],
    ids=["joined", "removed", "banned", "left", "invited", "invited by nobody known", "elsewhere", "nowhere"],
)
def test_how_we_stand_in_a_room(rooms: dict[str, Any], standing: Standing) -> None:
    assert standing_in(ROOM, US, {"rooms": rooms}) == standing
