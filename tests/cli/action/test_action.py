"""``headgate action`` as an administrator runs it, in this process, with the configuration and the store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from headgate.cli.account import account
from headgate.store.migrate import migrate
from headgate.store.store import Store
from tests.cli.stored import HOSTILE, Site
from tests.service.running import toml


@pytest.fixture
def site(tmp_path: Path) -> Site:
    url = f"sqlite:///{tmp_path}/headgate.db"
    config = tmp_path / "headgate.toml"
    config.write_text(
        toml({"store": {"url": url}, "connectors.webhook.endpoints.ops": {"url": "https://ops.example.org"}})
    )
    config.chmod(0o600)
    store = Store(url)
    migrate(store)
    store.close()
    return Site(config, url)


def test_actions_are_listed_with_what_they_take(site: Site) -> None:
    assert "notify.send" in site.text("action", "list")
    by_name = {one["name"]: one for one in site.json("action", "list")}
    assert by_name["notify.send"]["role"] == "operator"
    assert by_name["notify.send"]["parameters"]["required"] == ["to", "title"]


def test_an_action_is_described(site: Site) -> None:
    shown = site.text("action", "show", "notify.send")
    assert shown.startswith("Tell people something.\n")
    assert "Takes the role     operator" in shown
    [row] = [line.split() for line in shown.splitlines() if line.startswith("title")]
    assert row[:3] == ["title", "text", "required"]
    assert site.json("action", "show", "notify.send")["mutating"] is True


def test_an_unknown_action_is_a_failure(site: Site) -> None:
    for words in (("show", "no.action"), ("run", "no.action")):
        done = site.process("action", *words)
        assert (done.returncode, done.stderr) == (1, "headgate: there is no action 'no.action'\n")


def test_an_action_is_run_and_is_in_the_audit_log(site: Site) -> None:
    words = ("to=webhook:ops", f"title={HOSTILE}", "fold=true", 'facts={"Node": "n4"}')
    answer = site.json("action", "run", "notify.send", *words, "--why", "to try it")
    assert (answer["action"], answer["ok"], answer["result"]["new"]) == ("notify.send", True, True)
    [delivery] = site.json("delivery", "list")
    assert (delivery["connector"], delivery["target"], delivery["state"]) == ("webhook", "ops", "ready")
    [entry] = site.json("audit", "list", "--action", "notify.send")
    assert (entry["user"], entry["via"], entry["outcome"]) == (account(), "command line", "done")
    assert entry["detail"] == "why: to try it"
    assert 'to=["webhook:ops"]' in entry["subject"]


def test_a_result_is_shown_to_people(site: Site) -> None:
    shown = site.text("action", "run", "notify.send", "to=webhook:ops", "title=x")
    assert [line.split()[0] for line in shown.splitlines()] == ["event", "new"]


def test_a_dry_run_says_so_and_does_nothing(site: Site) -> None:
    done = site.process("action", "run", "notify.send", "to=webhook:ops", "title=x", "--dry-run")
    assert (done.returncode, done.stderr) == (0, "Nothing was changed: this is what would be done.\n")
    assert site.json("delivery", "list") == []
    assert site.json("audit", "list") == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["to=webhook:ops"], "notify.send: title: Field required"),
        (["to=webhook:ops", "title=x", "colour=red"], "notify.send: colour: Extra inputs are not permitted"),
        (["to=webhook:ops", "title=x", "fold=perhaps"], "notify.send: fold: Input should be a valid boolean"),
        (["to=teams:ops", "title=x"], "teams:ops: no connector is called 'teams' (there are: webhook)"),
    ],
)
def test_what_does_not_fit_is_one_line(site: Site, words: list[str], said: str) -> None:
    done = site.process("action", "run", "notify.send", *words)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"headgate: {said}\n")


def test_a_parameter_is_a_name_and_a_value(site: Site) -> None:
    result = site.run("action", "run", "notify.send", "webhook:ops")
    assert result.exit_code == 2
    assert "should be name=value" in result.output


def test_a_socket_on_which_nobody_answers_is_named(site: Site, tmp_path: Path) -> None:
    words = ("to=webhook:ops", "title=x", "--socket", str(tmp_path / "none"))
    done = site.process("action", "run", "notify.send", *words)
    assert done.returncode == 1
    assert done.stderr.startswith(f"headgate: nothing answers on {tmp_path / 'none'}")


def test_a_list_is_json_for_programs(site: Site) -> None:
    assert isinstance(json.loads(site.text("action", "list", "--json")), list)
