"""What is signed comes into the journal, once; nothing else does."""

from __future__ import annotations

import asyncio
import json
import os
import urllib.parse
from pathlib import Path
from typing import Any

import pytest

from headgate.builds.incoming import facts
from headgate.builds.incoming.intake import Intake, Outcome
from headgate.events.journal import Journal
from headgate.model.event import Event, Source
from headgate.store import journal
from headgate.store.journal import EventFilter, Recorded
from headgate.store.store import Store
from tests.builds.incoming.signing import (
    SECRET,
    comment,
    forges,
    github,
    gitlab,
    headers,
    needs_samples,
    pull_request,
    samples,
)

pytestmark = needs_samples


def intake(store: Store, **given: Any) -> Intake:
    return Intake(store, Journal(), forges(**given or {"main": github()}))


async def written(store: Store) -> list[Recorded]:
    return await store.read(lambda connection: journal.find(connection, EventFilter(), limit=1000))


async def events(store: Store) -> list[Event]:
    return [one.event for one in await written(store)]


async def post(own: Intake, payload: dict[str, Any], event: str, name: str | None = None, **more: Any) -> Outcome:
    body = json.dumps(payload).encode()
    return (await own.github(body, headers(body, event, **more), name)).outcome


async def test_a_comment_for_the_bot_is_one_event_with_what_it_says(store: Store) -> None:
    payload = comment("please\nbot: build for:arch=zen2\n", id=11)
    assert await post(intake(store), payload, "issue_comment", delivery="d-1") is Outcome.NEW
    [event] = await events(store)
    assert (event.key, event.kind, event.source) == (
        "pr:main:Codertocat/Hello-World#7:comment:11",
        "pull_request.comment",
        Source.WEBHOOK,
    )
    assert event.subject == "pull request main:Codertocat/Hello-World#7"
    assert event.data == {
        "forge": "main",
        "repository": "Codertocat/Hello-World",
        "number": 7,
        "head": "",
        "state": "open",
        "sender": "Codertocat",
        "delivery": "d-1",
        "comment_id": 11,
        "body": "please\nbot: build for:arch=zen2\n",
        "created_at": event.time,
        "author": "Codertocat",
        "url": payload["comment"]["html_url"],
    }


async def test_a_body_that_was_changed_on_its_way_writes_nothing(store: Store) -> None:
    body = json.dumps(comment()).encode()
    taken = await intake(store).github(body.replace(b"help", b"hell"), headers(body, "issue_comment"))
    assert (taken.outcome, await events(store)) == (Outcome.UNSIGNED, [])


async def test_who_does_not_know_the_secret_cannot_keep_a_delivery_from_being_taken(store: Store) -> None:
    # The predecessor registered a delivery's id before it looked at the signature.
    own, body = intake(store), json.dumps(comment()).encode()
    forged = headers(body, "issue_comment", secret="guessed", delivery="d-1")
    assert (await own.github(body, forged)).outcome is Outcome.UNSIGNED
    assert not own.knows("main", "d-1")
    assert await post(own, comment(), "issue_comment", delivery="d-1") is Outcome.NEW


async def test_a_sender_that_signs_by_sha256_alone_is_heard(store: Store) -> None:
    body = json.dumps(comment()).encode()
    given = headers(body, "issue_comment")
    del given["x-hub-signature"]
    assert (await intake(store).github(body, given)).outcome is Outcome.NEW


async def test_sha1_alone_is_refused_unless_it_was_switched_on(store: Store) -> None:
    body = json.dumps(comment()).encode()
    given = headers(body, "issue_comment")
    del given["x-hub-signature-256"]
    assert (await intake(store).github(body, given)).outcome is Outcome.UNSIGNED
    assert (await intake(store, main=github(sha1=True)).github(body, given)).outcome is Outcome.NEW


async def test_a_delivery_that_is_repeated_is_one_event_also_after_a_restart(store: Store) -> None:
    for _ in range(2):
        own = intake(store)  # which remembers nothing of the one before
        for _ in range(2):
            await post(own, comment(), "issue_comment", delivery="d-1")
    assert len(await events(store)) == 1


async def test_deliveries_that_come_at_once_are_one_event(store: Store) -> None:
    own = intake(store)
    outcomes = await asyncio.gather(*(post(own, comment(), "issue_comment") for _ in range(20)))
    assert sorted(outcomes) == sorted([Outcome.NEW, *[Outcome.KNOWN] * 19])
    assert len(await events(store)) == 1


async def test_a_redelivery_of_what_was_lost_is_taken_though_its_id_was_seen(store: Store) -> None:
    # The predecessor dropped every "Redeliver", because GitHub keeps the id: a failed event could not be tried again.
    own = intake(store)
    own.remember("main", "d-1")
    assert await post(own, comment(), "issue_comment", delivery="d-1") is Outcome.NEW


@pytest.mark.parametrize(
    ("payload", "event"),
    [
        (lambda: comment("hello"), "issue_comment"),
        (lambda: comment("> bot: build"), "issue_comment"),
        (lambda: comment("robot: build"), "issue_comment"),
        (lambda: comment(on_pull_request=False), "issue_comment"),
        (lambda: comment() | {"action": "edited"}, "issue_comment"),
        (lambda: comment() | {"action": "deleted"}, "issue_comment"),
        (lambda: comment(user={"login": "eessi-bot[bot]", "type": "Bot"}), "issue_comment"),
        (lambda: comment(user={"login": "org", "type": "Organization"}), "issue_comment"),
        (lambda: comment(user=None), "issue_comment"),
        (lambda: comment(body=None), "issue_comment"),
        (lambda: pull_request("assigned"), "pull_request"),
        (lambda: samples("ping")[0], "ping"),
        (lambda: samples("push")[0], "push"),
        (lambda: {"action": "../../etc/passwd"}, "../../tmp/x"),
    ],
)
async def test_what_builds_are_not_about_is_taken_and_forgotten(store: Store, payload: Any, event: str) -> None:
    assert await post(intake(store), payload(), event) is Outcome.IGNORED
    assert await events(store) == []


@pytest.mark.parametrize("body", ["Bot: help", "BOT:help", "  bot:  hepl", "thanks\r\nbot: status", "a\rbot:x"])
async def test_a_line_that_is_for_the_bot_though_misspelt_is_not_passed_over(store: Store, body: str) -> None:
    assert await post(intake(store), comment(body), "issue_comment") is Outcome.NEW


HEAD = "ec26c3e57ca3a959ca5aad62de7213c562f8c821"


@pytest.mark.parametrize(
    ("action", "kind", "key", "data"),
    [
        ("opened", "pull_request.opened", "opened:1557933643", {"again": False}),
        ("reopened", "pull_request.opened", "reopened:1557933657", {"again": True}),
        ("synchronize", "pull_request.updated", f"head:{HEAD}", {}),
        ("closed", "pull_request.closed", "closed:1557933657", {"merged": False}),
        ("labeled", "pull_request.labeled", "labeled:d-9:bot:deploy", {"label": "bot:deploy"}),
    ],
)
async def test_what_happens_to_a_pull_request_has_a_key_of_its_own(
    store: Store, action: str, kind: str, key: str, data: dict[str, object]
) -> None:
    payload = pull_request(
        action,
        number=2,
        created_at="2019-05-15T15:20:43Z",
        updated_at="2019-05-15T15:20:57Z",
        closed_at="2019-05-15T15:20:57Z" if action == "closed" else None,
        merged_at=None,
        state="closed" if action == "closed" else "open",
    )
    payload["repository"]["full_name"] = "Codertocat/Hello-World"
    payload["pull_request"]["head"]["sha"] = HEAD
    if action == "labeled":
        payload["label"]["name"] = "bot:deploy"
    assert await post(intake(store), payload, "pull_request", delivery="d-9") is Outcome.NEW
    [event] = await events(store)
    assert (event.kind, event.key) == (kind, f"pr:main:Codertocat/Hello-World#2:{key}")
    assert event.data["head"] == HEAD
    assert {name: event.data[name] for name in data} == data


async def test_a_pull_request_that_was_merged_says_so(store: Store) -> None:
    at = "2019-05-15T15:20:57Z"
    payload = pull_request("closed", state="closed", merged_at=at, closed_at=at)
    await post(intake(store), payload, "pull_request")
    [event] = await events(store)
    assert (event.data["state"], event.data["merged"]) == ("merged", True)


async def test_every_sample_that_github_publishes_can_be_read(store: Store) -> None:
    own = intake(store)
    for name in ("issue_comment", "pull_request", "ping", "push", "installation", "check_run", "label"):
        for payload in samples(name):
            assert await post(own, payload, name) is not Outcome.UNREADABLE


async def test_of_several_apps_the_one_whose_secret_signs_is_meant(store: Store) -> None:
    own = intake(store, one=github("first"), other=github("second"))
    assert await post(own, comment(), "issue_comment", secret="second") is Outcome.NEW
    assert [event.data["forge"] for event in await events(store)] == ["other"]


async def test_of_two_apps_with_one_secret_the_one_it_is_for_is_meant(store: Store) -> None:
    own = intake(store, one=github(app_id=1), other=github(app_id=2))
    await post(own, comment(), "issue_comment", x_github_hook_installation_target_id="2")
    assert [event.data["forge"] for event in await events(store)] == ["other"]


async def test_an_address_with_a_name_takes_only_that_apps_webhooks(store: Store) -> None:
    own = intake(store, one=github("first"), other=github("second"))
    assert await post(own, comment(), "issue_comment", "one", secret="second") is Outcome.UNSIGNED
    assert await post(own, comment(), "issue_comment", "other", secret="second") is Outcome.NEW


async def test_the_same_pull_request_number_in_two_repositories_is_two(store: Store) -> None:
    own = intake(store)
    for name in ("a/b", "c/b"):
        payload = comment()
        payload["repository"]["full_name"] = name
        assert await post(own, payload, "issue_comment") is Outcome.NEW
    assert len({event.subject for event in await events(store)}) == 2


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b'"x"', b"[" * 100_000, b"\xff\xfe"])
async def test_what_is_signed_and_no_json_is_said_to_be_unreadable(store: Store, body: bytes) -> None:
    assert (await intake(store).github(body, headers(body, "issue_comment"))).outcome is Outcome.UNREADABLE
    assert await events(store) == []


@pytest.mark.parametrize("name", ["../x/y", "a", "a/b/c", "a b/c", "a/b\n", ""])
async def test_a_repository_of_a_strange_name_is_refused(store: Store, name: str) -> None:
    payload = comment()
    payload["repository"]["full_name"] = name
    assert await post(intake(store), payload, "issue_comment") is Outcome.UNREADABLE


async def test_a_webhook_that_is_set_to_send_forms_is_read_too(store: Store) -> None:
    body = urllib.parse.urlencode({"payload": json.dumps(comment())}).encode()
    given = headers(body, "issue_comment") | {"content-type": "application/x-www-form-urlencoded"}
    assert (await intake(store).github(body, given)).outcome is Outcome.NEW


async def test_a_comment_is_kept_up_to_a_bound_and_its_lines_stay_whole(store: Store) -> None:
    line = "bot: build for:arch=zen2 instance:ours\n"
    await post(intake(store), comment(line * 3000), "issue_comment")
    [event] = await events(store)
    body = event.data["body"]
    assert isinstance(body, str)
    assert len(body) <= facts.MOST
    assert set(body.split("\n")) == {line.strip()}


async def test_text_that_no_database_likes_is_kept_as_it_is(store: Store) -> None:
    text = "bot: help \x00 \ud800 é \U0001f600 \u2028"
    await post(intake(store), comment(text), "issue_comment")
    assert [event.data["body"] for event in await events(store)] == [text]


async def test_nothing_is_written_beside_the_journal(store: Store, tmp_path: Path) -> None:
    # The predecessor wrote body and headers to a path made of the event's name, before it verified them.
    before = sorted(os.listdir(tmp_path))  # noqa: PTH208 - names are all that is asked for
    body = json.dumps({"action": "../../pwned"}).encode()
    await intake(store).github(body, headers(body, "../../../pwned", secret="guessed"))
    assert sorted(os.listdir(tmp_path)) == before  # noqa: PTH208


def note(text: str = "bot: help", **changed: Any) -> dict[str, Any]:
    """Return the payload of "Comment on a merge request" as GitLab's documentation shows it, cut to what matters."""
    return {
        "object_kind": "note",
        "event_type": "note",
        "user": {"id": 1, "name": "Administrator", "username": "root"},
        "project_id": 5,
        "project": {"id": 5, "path_with_namespace": "gitlab-org/sub/gitlab-test"},
        "object_attributes": {
            "id": 1244,
            "note": text,
            "noteable_type": "MergeRequest",
            "author_id": 1,
            "created_at": "2015-05-17 18:21:36 UTC",
            "updated_at": "2015-05-17T18:21:36Z",
            "system": False,
            "action": "create",
            "url": "http://example.com/gitlab-org/gitlab-test/merge_requests/1#note_1244",
            **changed,
        },
        "merge_request": {
            "id": 7,
            "iid": 1,
            "state": "opened",
            "created_at": "2015-03-01 20:12:53 UTC",
            "updated_at": "2015-03-21 18:27:27 UTC",
            "last_commit": {"id": "562e173be03b8ff2efb05345d12df18815438a4b"},
        },
    }


def merge_request(action: str, **changed: Any) -> dict[str, Any]:
    """Return the payload of a merge request's event, in the same way."""
    return {
        "object_kind": "merge_request",
        "user": {"username": "root"},
        "project": {"path_with_namespace": "gitlab-org/gitlab-test"},
        "object_attributes": {
            "iid": 1,
            "state": "opened",
            "created_at": "2013-12-03T17:23:34Z",
            "updated_at": "2013-12-03T17:23:35Z",
            "last_commit": {"id": "da1560886d4f094c3e6c9ef40349f7d38b5d27d7"},
            "action": action,
            **changed,
        },
        "changes": {},
    }


async def from_gitlab(own: Intake, payload: dict[str, Any], token: str = SECRET) -> Outcome:
    body = json.dumps(payload).encode()
    return (await own.gitlab(body, {"x-gitlab-token": token, "idempotency-key": "k-1"})).outcome


async def test_gitlabs_note_in_a_merge_request_is_a_comment(store: Store) -> None:
    assert await from_gitlab(intake(store, lab=gitlab()), note()) is Outcome.NEW
    [event] = await events(store)
    assert event.key == "pr:lab:gitlab-org/sub/gitlab-test#1:comment:1244"
    assert (event.time, event.data["author"]) == (1431886896.0, "root")
    assert event.data["head"] == "562e173be03b8ff2efb05345d12df18815438a4b"


@pytest.mark.parametrize(
    "changed", [{"system": True}, {"noteable_type": "Issue"}, {"action": "update"}, {"note": "hello"}]
)
async def test_other_notes_of_gitlabs_are_taken_and_forgotten(store: Store, changed: dict[str, Any]) -> None:
    assert await from_gitlab(intake(store, lab=gitlab()), note(**changed)) is Outcome.IGNORED


async def test_an_access_tokens_account_on_gitlab_gives_no_commands(store: Store) -> None:
    payload = note()
    payload["user"]["username"] = "project_5_bot_0a1b2c"
    assert await from_gitlab(intake(store, lab=gitlab()), payload) is Outcome.IGNORED


async def test_gitlabs_webhook_with_another_token_writes_nothing(store: Store) -> None:
    assert await from_gitlab(intake(store, lab=gitlab()), note(), "guessed") is Outcome.UNSIGNED
    assert await events(store) == []


@pytest.mark.parametrize(
    ("payload", "kinds"),
    [
        (merge_request("open"), ["pull_request.opened"]),
        (merge_request("reopen"), ["pull_request.opened"]),
        (merge_request("update", oldrev="e" * 40), ["pull_request.updated"]),
        (merge_request("update"), []),
        (merge_request("close", state="closed"), ["pull_request.closed"]),
        (merge_request("merge", state="merged"), ["pull_request.closed"]),
        (merge_request("approved"), []),
        (
            merge_request("update")
            | {
                "changes": {
                    "labels": {
                        "previous": [{"title": "old"}],
                        "current": [{"title": "old"}, {"title": "bot:deploy"}, {"title": "x"}],
                    }
                }
            },
            ["pull_request.labeled", "pull_request.labeled"],
        ),
    ],
)
async def test_what_happens_to_gitlabs_merge_requests_is_known(
    store: Store, payload: dict[str, Any], kinds: list[str]
) -> None:
    await from_gitlab(intake(store, lab=gitlab()), payload)
    assert [event.kind for event in await events(store)] == kinds
