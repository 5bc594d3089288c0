"""Apps are made, changed and ended on the command line; a token is shown once, and alone."""

from __future__ import annotations

import hashlib
import json
import os
import pwd
from pathlib import Path

import pytest

from headgate.model.app import token_hash
from headgate.store import apps
from headgate.store.migrate import migrate
from headgate.store.store import Store
from tests.cli.stored import Site, empty_site

ID = "a9a5fc66-9bed-4a13-874a-d8d7d1756224"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A store with nothing in it."""
    made = empty_site(tmp_path)
    store = Store(made.url)
    migrate(store)
    store.close()
    return made


def known(site: Site, token: str) -> str | None:
    """The app that a token is of."""
    store = Store(site.url)
    try:
        found = store.read_now(lambda c: apps.token_with(c, token_hash(token)))
        return None if found is None or found[2] is None else found[2].name
    finally:
        store.close()


def test_an_app_is_made_with_a_token_and_rules(site: Site) -> None:
    made = site.json("app", "add", "portal", "--user=ada", "--user=ben", "--max-active=10")
    assert known(site, made["token"]) == "portal"
    assert made["rules"] == {"users": ["ada", "ben"], "max_active": 10}
    [listed] = site.json("app", "list")
    assert listed == {name: value for name, value in made.items() if name != "token"}
    assert made["token"] not in site.text("app", "show", "portal")


def test_the_token_alone_is_on_standard_output(site: Site) -> None:
    result = site.run("app", "add", "portal")
    assert known(site, result.stdout.strip()) == "portal"
    assert "only now" in result.stderr


def test_a_rule_that_is_given_replaces_that_rule(site: Site) -> None:
    site.json("app", "add", "portal", "--user=ada", "--partition=main")
    changed = site.json("app", "change", "portal", "--user=ben")
    assert changed["rules"] == {"users": ["ben"], "partitions": ["main"]}
    off = site.json("app", "change", "portal", "--off", "--reset-rules")
    assert (off["rules"], off["disabled"]) == ({}, True)


def test_tokens_are_added_listed_rotated_and_revoked(site: Site) -> None:
    first = site.json("app", "add", "portal")["token"]
    second = site.run("app", "token", "add", "portal", "adas", "--user=ada").stdout.strip()
    assert {one["name"]: one["user"] for one in site.json("app", "token", "list", "portal")} == {
        "first": None,
        "adas": "ada",
    }
    third = site.run("app", "token", "rotate", "portal", "new", "--grace=60").stdout.strip()
    ends = {one["name"]: one["expires_at"] is not None for one in site.json("app", "token", "list", "portal")}
    assert ends == {"first": True, "adas": True, "new": False}
    assert {known(site, token) for token in (first, second, third)} == {"portal"}
    number = next(one["id"] for one in site.json("app", "token", "list", "portal") if one["name"] == "new")
    site.text("app", "token", "revoke", "portal", number)
    assert known(site, third) is None


def test_administrators_have_tokens_too(site: Site) -> None:
    site.run("app", "admin-token", "add", "mine", "--lifetime=60")
    [kept] = site.json("app", "admin-token", "list")
    assert kept["expires_at"] - kept["created_at"] == pytest.approx(60)
    site.text("app", "admin-token", "revoke", kept["id"])
    assert site.json("app", "admin-token", "list") == []


def test_an_app_is_removed(site: Site) -> None:
    token = site.json("app", "add", "portal")["token"]
    site.text("app", "remove", "portal", "--yes")
    assert known(site, token) is None
    assert site.run("app", "show", "portal").exit_code != 0


def test_apps_of_slurmer_are_taken_over_with_their_tokens_all_or_none(site: Site, tmp_path: Path) -> None:
    hash_ = hashlib.sha256(b"averycomplicatedchallenge").hexdigest()
    file = tmp_path / "apps.json"
    file.write_text(json.dumps({"apps": [{"name": "app1", "id": ID, "token_sha256": hash_}]}))
    site.text("app", "import", str(file), "--any-user")
    assert known(site, "averycomplicatedchallenge") == "app1"
    more = [{"name": "app2", "id": ID[::-1].replace("-", "")[:8] + ID[8:], "token_sha256": "0" * 64}]
    file.write_text(json.dumps({"apps": [*more, {"name": "app1", "id": ID, "token_sha256": "1" * 64}]}))
    assert site.run("app", "import", str(file)).exit_code != 0
    assert [one["name"] for one in site.json("app", "list")] == ["app1"]


def test_what_is_changed_is_in_the_audit_log_without_tokens(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SUDO_USER", raising=False)
    token = site.json("app", "add", "portal")["token"]
    site.json("app", "change", "portal", "--user=ada")
    site.run("app", "token", "add", "portal", "adas", "--user=ada")
    site.run("app", "token", "rotate", "portal", "new")
    site.run("app", "token", "revoke", "portal", site.json("app", "token", "list", "portal")[0]["id"])
    site.run("app", "admin-token", "add", "mine")
    (tmp_path / "apps.json").write_text(
        json.dumps({"apps": [{"name": "app1", "id": ID, "token_sha256": token_hash("old")}]})
    )
    site.run("app", "import", str(tmp_path / "apps.json"))
    site.text("app", "remove", "portal", "--yes")
    assert site.run("app", "remove", "portal", "--yes").exit_code != 0
    done = site.json("audit", "list")
    assert [(one["action"], one["subject"]) for one in done] == [
        ("create app", "app portal"),
        ("change app", "app portal"),
        ("create token", "app portal"),
        ("rotate tokens", "app portal"),
        ("revoke token", "app portal"),
        ("create token", "administrators"),
        ("create app", "app app1"),
        ("remove app", "app portal"),
    ]
    assert {(one["user"], one["via"], one["outcome"]) for one in done} == {
        (pwd.getpwuid(os.getuid()).pw_name, "command line", "done")
    }
    assert token not in json.dumps(done)


@pytest.mark.parametrize(
    "words",
    [
        ("add", "../x"),
        ("add", "x", "--user-pattern=("),
        ("add", "x", "--user=a b"),
        ("show", "nobody"),
        ("token", "add", "nobody", "x"),
        ("token", "revoke", "nobody", "x"),
        ("import", "/no/such/file"),
    ],
)
def test_what_makes_no_sense_is_said_so(site: Site, words: tuple[str, ...]) -> None:
    result = site.run("app", *words)
    assert result.exit_code != 0
    assert site.json("app", "list") == []
