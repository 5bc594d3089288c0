"""Slurmer's file becomes a configuration that Headgate can be run with; its apps keep their ids and tokens."""

from __future__ import annotations

import hashlib
import json
import stat
import tomllib
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from headgate.cli.main import headgate
from headgate.config.convert.slurmer import Converted, convert
from headgate.config.load import load
from headgate.config.settings import Settings
from headgate.connectors.registry import settings_of
from headgate.model.app import token_hash
from headgate.store import apps
from headgate.store.migrate import migrate
from headgate.store.store import Store
from tests.cli.stored import empty_site

ID = "a9a5fc66-9bed-4a13-874a-d8d7d1756224"
OTHER = "0c1f2a53-5a6f-4c8f-9f40-3d4b32d5a111"
TOKEN = "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE="
SITE = f"""
# Useful when 'connector' is set to 'slurmrest'; not implemented yet
slurmrest:
  url: "http+unix:///default?socket=/tmp/slurmrestd.sock"
slurmer:
  ip: 127.0.0.1
  port: 8080
  connector: slurmcli
  working_dir: /var/lib/slurmer
  templates_dir: /etc/slurmer/templates
  executor_path: /usr/bin/executor
  poll_interval: 20
  surprise: hunter2
  applications:
    - name: app1
      token: averycomplicatedchallenge
      uuid: {ID} # a random app uuid
    - name: "My portal"
      token: {TOKEN}
      uuid: {OTHER}
    - name: 0815
      token: 0123
      uuid: 3f0b6c37-43c8-4f07-bd0e-0a6f6d0c7c6a
  logs:
    format: text
    stdout: false
    output: /var/logs/slurmer.log
    level: trace
oidc:
  enabled: true
  issuer: "https://login.example.org/realms/hpc"
  audience: "slurmer"
"""


def site(tmp_path: Path) -> Path:
    path = tmp_path / "config.yml"
    path.write_text(SITE)
    return path


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(headgate, [str(word) for word in words])


def settings(text: str, tmp_path: Path) -> Settings:
    path = tmp_path / "headgate.toml"
    path.write_text(text)
    path.chmod(0o600)
    return load(path, connector_settings=settings_of)


def remarks(text: str) -> str:
    return " ".join(line.removeprefix("# ") for line in text.splitlines())


def with_apps(*given: dict[str, Any]) -> Converted:
    return convert({"slurmer": {"applications": list(given)}}, "config.yml")


def test_headgate_takes_what_a_whole_site_becomes(tmp_path: Path) -> None:
    done = run("config", "convert", "slurmer", site(tmp_path))
    assert done.exit_code == 0, done.output
    own = settings(done.stdout, tmp_path)
    assert own.service.listen == "127.0.0.1:8080"
    assert (own.slurm.driver, own.watcher.interval) == ("cli", 20)
    assert (own.logging.level, own.logging.format) == ("debug", "console")
    assert own.executor.socket == "/run/headgate-executor.sock"
    assert own.gateway.directory == "~/headgate"
    assert own.gateway.oidc is not None
    assert (own.gateway.oidc.issuer, own.gateway.oidc.app) == ("https://login.example.org/realms/hpc", "app1")
    assert own.gateway.oidc.audience == "slurmer"
    checked = run("-c", tmp_path / "headgate.toml", "config", "check")
    assert checked.exit_code == 0, checked.output
    assert "can be used" in checked.output


@pytest.mark.parametrize(
    "words",
    [
        "SLURMER_IP, SLURMER_PORT",
        "and SLURMREST_URL from its environment",
        'slurmrest.url: Slurmer never used it. To ask slurmrestd, set driver = "rest"',
        'url = "unix:/tmp/slurmrestd.sock"',
        "working_dir: jobs' directories lie with their users now",
        "templates_dir: a template in Go's language",
        "executor_path: that program is needed no more",
        "MIN_UID, MAX_UID and SLURMER_UID",
        "logs.output and logs.stdout: Headgate writes its log to standard error",
        "Slurmer's level was trace.",
        "Line 13, in slurmer: nothing that Slurmer reads; it was left out.",
        "headgate app import apps.json --any-user",
        "App My portal is called My-portal here",
        "The token of app1 is short enough to be guessed: headgate app token rotate app1 new",
        "Which claim is the Unix account?",
    ],
)
def test_what_is_not_carried_over_exactly_has_a_remark(words: str, tmp_path: Path) -> None:
    assert words in remarks(run("config", "convert", "slurmer", site(tmp_path)).stdout)


def test_a_token_that_is_long_enough_is_not_talked_about(tmp_path: Path) -> None:
    assert "token of My-portal" not in remarks(run("config", "convert", "slurmer", site(tmp_path)).stdout)


def test_no_token_and_no_value_of_an_unknown_key_is_in_the_output(tmp_path: Path) -> None:
    done = run("config", "convert", "slurmer", site(tmp_path), "--apps", tmp_path / "apps.json")
    shown = done.stdout + done.stderr + (tmp_path / "apps.json").read_text()
    assert not [secret for secret in ("averycomplicatedchallenge", TOKEN, "hunter2") if secret in shown]


def test_apps_are_written_for_nobody_else_and_no_file_is_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "apps.json"
    assert run("config", "convert", "slurmer", site(tmp_path), "--apps", file).exit_code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_text()
    again = run("config", "convert", "slurmer", site(tmp_path), "--apps", file)
    assert again.exit_code != 0
    assert file.read_text() == before
    assert json.loads(before)["apps"][0] == {
        "name": "app1",
        "id": ID,
        "token_sha256": hashlib.sha256(b"averycomplicatedchallenge").hexdigest(),
    }


def test_the_old_tokens_go_on_working_once_the_apps_are_taken_over(tmp_path: Path) -> None:
    stored = empty_site(tmp_path)
    store = Store(stored.url)
    migrate(store)
    store.close()
    file = tmp_path / "apps.json"
    assert run("config", "convert", "slurmer", site(tmp_path), "--apps", file).exit_code == 0
    stored.text("app", "import", str(file), "--any-user")
    store = Store(stored.url)
    try:
        for token, name in (("averycomplicatedchallenge", "app1"), (TOKEN, "My-portal"), ("0123", "0815")):
            found = store.read_now(partial(apps.token_with, hash_=token_hash(token)))
            assert found is not None
            assert found[2] is not None
            assert found[2].name == name
    finally:
        store.close()


@pytest.mark.parametrize(
    ("app", "words"),
    [
        ({"name": "a", "uuid": ID}, "App a has no token or no uuid"),
        ({"name": "a", "token": "~", "uuid": ID}, "App a has no token or no uuid"),
        ({"name": "a", "token": TOKEN}, "App a has no token or no uuid"),
        ({"token": TOKEN, "uuid": "x"}, "App 1 was left out: its uuid is none"),
        ({"name": "a", "token": "x" * 513, "uuid": ID}, "more than 512 characters"),
        ("x", "slurmer.applications[0] is no table"),
    ],
)
def test_an_app_that_cannot_be_taken_over_is_told(app: Any, words: str) -> None:
    made = with_apps(app)
    assert words in remarks(made.text)
    assert list(made.apps) == []


def test_of_apps_with_one_id_or_one_token_the_first_counts_and_names_are_made_to_differ() -> None:
    made = with_apps(
        {"name": "a b", "token": TOKEN, "uuid": ID},
        {"name": "second", "token": TOKEN, "uuid": OTHER},
        {"name": "third", "token": TOKEN[::-1], "uuid": ID.upper()},
        {"name": "a/b", "token": TOKEN[::-1], "uuid": OTHER},
        {"name": "//", "token": TOKEN + "x", "uuid": OTHER[::-1].replace("-", "")[:32]},
    )
    assert [app["name"] for app in made.apps] == ["a-b", f"a-b-{OTHER[:8]}", "app-111a5d23"]
    assert "App second was left out" in remarks(made.text)
    assert "App third was left out" in remarks(made.text)


@pytest.mark.parametrize(
    ("own", "listen"),
    [
        ({"ip": "0.0.0.0", "port": "8080"}, "0.0.0.0:8080"),  # noqa: S104 - nothing listens here
        ({"ip": "::1", "port": 8081}, "[::1]:8081"),
        ({"ip": "gateway.example.org", "port": "80"}, "gateway.example.org:80"),
        ({"ip": "127.0.0.1", "port": "99999999999"}, "127.0.0.1:8080"),
        ({"ip": "a b", "port": "80"}, "127.0.0.1:8080"),
        ({}, "127.0.0.1:8080"),
    ],
)
def test_it_listens_where_slurmer_did(own: dict[str, Any], listen: str, tmp_path: Path) -> None:
    text = convert({"slurmer": own}, "config.yml").text
    assert settings(text, tmp_path).service.listen == listen


@pytest.mark.parametrize(
    ("interval", "seconds"), [("10", 10), ("1m", 60), ("500ms", 0.5), ("0", 10), ("often", 10), (7, 7)]
)
def test_a_poll_interval_is_one(interval: str | int, seconds: float, tmp_path: Path) -> None:
    text = convert({"slurmer": {"poll_interval": interval}}, "config.yml").text
    assert settings(text, tmp_path).watcher.interval == seconds


@pytest.mark.parametrize("enabled", ["false", "", False, None])
def test_oidc_that_was_off_stays_off(enabled: Any) -> None:
    text = convert({"oidc": {"enabled": enabled, "issuer": "", "audience": ""}}, "config.yml").text
    assert "oidc" not in tomllib.loads(text).get("gateway", {})
    assert "oidc: it was off; it is off here, too: without a table [gateway.oidc] no token" in remarks(text)
    assert "It named no issuer and no audience that could be used." in remarks(text)
    assert "nothing that Slurmer reads" not in text


def test_oidc_that_was_off_says_what_it_would_have_been() -> None:
    text = convert({"oidc": {"enabled": "false", "issuer": "https://login.example.org/hpc", "audience": "a"}}, "c").text
    assert "It named issuer https://login.example.org/hpc and audience a. To switch it on, write" in remarks(text)


def test_oidc_that_is_neither_on_nor_off_is_off_and_is_told() -> None:
    text = convert({"oidc": {"enabled": "perhaps", "issuer": "https://login.example.org"}}, "config.yml").text
    assert "oidc" not in tomllib.loads(text).get("gateway", {})
    assert "oidc: enabled was neither true nor false, and counts as off" in remarks(text)
    assert "perhaps" not in text


def test_a_file_without_oidc_says_nothing_of_it() -> None:
    assert "oidc: it was off" not in remarks(convert({"slurmer": {}}, "config.yml").text)


def test_oidc_that_lacks_something_says_what_to_fill_in(tmp_path: Path) -> None:
    text = convert({"oidc": {"enabled": True, "issuer": "login"}}, "config.yml").text
    oidc = settings(text, tmp_path).gateway.oidc
    assert oidc is not None
    assert "REPLACE-THIS" in oidc.issuer
    assert (oidc.audience, oidc.app) == ("REPLACE-THIS", "REPLACE-THIS")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://slurm.example.org:6820/", 'url = "http://slurm.example.org:6820", a user'),
        ("http://slurm.example.org:6820/slurm", 'url = "http://slurm.example.org:6820" (the rest of'),
        ("http://ada:hunter2@slurm.example.org", 'url = "http://slurm.example.org" (the rest of'),
        ("http://hunter2@slurm.example.org", 'url = "http://slurm.example.org" (the rest of'),
        ("http://slurm.example.org:6820/?token=hunter2", 'url = "http://slurm.example.org:6820" (the rest of'),
        ("http://slurm.example.org/hunter2#hunter2", 'url = "http://slurm.example.org" (the rest of'),
        ("http://ada:1/hunter2@slurm.example.org", "with its url,"),
        ("http+unix:///default?socket=/run/slurm.sock&token=hunter2", 'url = "unix:/run/slurm.sock",'),
        ("http+unix:///default?socket=/run/slurm.sock;token=hunter2", "with its url,"),
        ("http://slurm.example.org hunter2", "with its url,"),
        ("hunter2", "with its url,"),
    ],
)
def test_of_an_address_only_where_it_is_is_repeated(url: str, shown: str) -> None:
    text = convert({"slurmrest": {"url": url}}, "config.yml").text
    assert "hunter2" not in text
    assert shown in remarks(text)


@pytest.mark.parametrize(
    ("issuer", "audience"),
    [
        ("https://ada:hunter2@login.example.org", "api?hunter2"),
        ("https://login.example.org/?hunter2", "ada:hunter2@api"),
        ("https://login.example.org hunter2", "api hunter2"),
    ],
)
@pytest.mark.parametrize("enabled", [True, False])
def test_of_oidc_nothing_is_repeated_that_may_hold_a_password(issuer: str, audience: str, enabled: bool) -> None:
    text = convert({"oidc": {"enabled": enabled, "issuer": issuer, "audience": audience}}, "config.yml").text
    assert "hunter2" not in text


@pytest.mark.parametrize("key", ["ip", "port", "connector", "working_dir", "templates_dir", "executor_path"])
def test_the_second_line_of_a_value_is_not_repeated(key: str, tmp_path: Path) -> None:
    path = tmp_path / "config.yml"
    path.write_text(f"slurmer:\n  {key}: x\n    token hunter2\n  poll_interval: 5\n")
    done = run("config", "convert", "slurmer", path)
    assert done.exit_code == 0, done.output
    assert "hunter2" not in done.output
    assert settings(done.stdout, tmp_path).watcher.interval == 5


def test_a_name_that_swallowed_its_token_is_not_repeated(tmp_path: Path) -> None:
    path, apps_file = tmp_path / "config.yml", tmp_path / "apps.json"
    path.write_text(
        "slurmer:\n  applications:\n"
        f"    - name: portal\n        token hunter2\n      token: {TOKEN}\n      uuid: {ID}\n"
        f"    - name: portal, token=hunter2\n      token: {TOKEN[::-1]}\n      uuid: {OTHER}\n"
    )
    done = run("config", "convert", "slurmer", path, "--apps", apps_file)
    assert "hunter2" not in done.output + apps_file.read_text()
    assert [app["name"] for app in json.loads(apps_file.read_text())["apps"]] == [f"app-{ID[:8]}", f"app-{OTHER[:8]}"]
    assert "slurmer.applications[0].name goes over more than one line" in remarks(done.stdout)


def test_a_token_on_two_lines_goes_on_working(tmp_path: Path) -> None:
    path, apps_file = tmp_path / "config.yml", tmp_path / "apps.json"
    path.write_text(
        f'slurmer:\n  applications:\n    - name: a\n      uuid: {ID}\n      token: "hunter2\\\n        {TOKEN}"\n'
    )
    assert run("config", "convert", "slurmer", path, "--apps", apps_file).exit_code == 0
    assert json.loads(apps_file.read_text())["apps"][0]["token_sha256"] == token_hash(f"hunter2{TOKEN}")


nasty: st.SearchStrategy[Any] = st.recursive(
    st.text(max_size=20) | st.none() | st.integers() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
keys = st.sampled_from(
    [
        "ip",
        "port",
        "connector",
        "working_dir",
        "templates_dir",
        "executor_path",
        "poll_interval",
        "logs",
        "applications",
    ]
)


@examples(deadline=None)
@given(
    own=st.dictionaries(keys | st.text(max_size=5), nasty, max_size=6),
    oidc=st.dictionaries(st.sampled_from(["enabled", "issuer", "audience"]), nasty),
)
def test_whatever_it_holds_becomes_a_configuration(
    own: Any, oidc: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = convert({"slurmer": own, "oidc": oidc}, "config.yml").text
    settings(text, tmp_path_factory.getbasetemp())


@pytest.mark.parametrize("text", ["a: [", "just a text", "- 1", "\t: {", "a: !!binary x\n", "\udcff"])
def test_a_file_that_is_none_of_slurmers_is_an_error_that_names_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.yml").write_bytes(text.encode("utf-8", "surrogateescape"))
    done = run("config", "convert", "slurmer", tmp_path / "c.yml")
    assert done.exit_code != 0
    assert "c.yml" in done.output + done.stderr + str(done.exception)


def test_a_mistake_in_the_file_does_not_show_a_token(tmp_path: Path) -> None:
    (tmp_path / "c.yml").write_text("slurmer:\n  token: hunter2\n bad: [hunter2\n")
    done = run("config", "convert", "slurmer", tmp_path / "c.yml")
    assert done.exit_code != 0
    assert "hunter2" not in done.output + done.stderr + str(done.exception)
    assert "line 3" in str(done.exception)
