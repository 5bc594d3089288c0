from __future__ import annotations

from pathlib import Path

from tests.cli.stored import Site


def states(site: Site) -> dict[str, str]:
    return {one["ref"]: one["state"] for one in site.json("rule", "list")}


def test_rules_are_listed_with_those_of_the_library(site: Site) -> None:
    found = states(site)
    assert found["site.tell"] == "off"
    assert "default.wrong" not in found
    assert "Tell of bad jobs." in site.text("rule", "list")


def test_a_rule_is_switched_on_and_off_and_that_is_in_the_audit_log(site: Site) -> None:
    assert site.text("rule", "enable", "tell") == "site.tell is on\n"
    assert states(site)["site.tell"] == "on"
    assert [one["ref"] for one in site.json("rule", "list", "--on")] == ["site.tell"]
    site.text("rule", "disable", "site.tell")
    assert states(site)["site.tell"] == "off"
    entries = site.json("audit", "list")
    assert [(one["action"], one["subject"]) for one in entries] == [
        ("rule.enable", "site.tell"),
        ("rule.disable", "site.tell"),
    ]


def test_a_rule_is_shown(site: Site) -> None:
    text = site.text("rule", "show", "site.tell")
    for told in ("site.tell", "off", "job.suspended", "trigger.reason startswith 'bad'", "notify.send"):
        assert told in text
    assert site.json("rule", "show", "tell")["criteria"] == [
        {"key": "trigger.reason", "type": "startswith", "pattern": "bad", "condition": None}
    ]


def test_a_rule_that_is_not_there_is_said_so(site: Site) -> None:
    result = site.run("rule", "show", "site.nothing")
    assert result.exit_code == 1
    assert str(result.exception) == "there is no rule 'site.nothing'"


def test_a_wrong_file_is_named_with_its_line(site: Site, directory: Path) -> None:
    result = site.run("rule", "check")
    wrong = f"{directory}/wrong.yaml:3: action.ref: there is no action notify.sned; did you mean notify.send?"
    assert (result.exit_code, result.output.splitlines()[0]) == (1, wrong)
    assert result.output.splitlines()[-1] == "1 right, 1 wrong"
    assert site.text("rule", "check", f"{directory}/tell.yaml") == "1 right, 0 wrong\n"


def test_an_event_is_tried_on_the_rules_and_nothing_is_done(site: Site) -> None:
    text = site.text("rule", "test", "1")
    assert "site.tell (off): matches" in text
    assert "does: notify.send to=['slack:#ops'] title='bad x" in text
    assert "trigger.reason startswith 'bad': does not match ('good')" in site.text("rule", "test", "2")
    assert site.json("rule", "test", "2", "--rule", "tell")[0]["matches"] is False
    assert site.json("event", "list", "--kind", "notice.*") == []
    assert site.run("rule", "test", "99").exit_code == 1
