"""goslmailer's files become a configuration that Headgate can be run with, and say what could not be carried over."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from headgate.cli.main import headgate
from headgate.config.convert.goslmailer import Source, convert
from headgate.config.load import load
from headgate.config.settings import Settings
from headgate.connectors.registry import settings_of

DISCORD = "MTE5MDAwMDAwMDAwMDAwMDAwMA.GabcdE.abcdefghijklmnopqrstuvwxyz0123456789AB"
SITE = {
    "logfile": "/var/log/goslmailer.log",
    "debugconfig": True,
    "binpaths": {"sacct": "/opt/slurm/bin/sacct", "sstat": "/opt/slurm/bin/sstat"},
    "defaultconnector": "msteams",
    "qosmap": {"short": 28800, "medium": 172800, "long": 1209600},
    "connectors": {
        "msteams": {
            "name": "dev channel",
            "url": "https://prod-1.environment.api.powerplatform.com/workflows/x?sig=secret",
            "renderToFile": "spool",
            "spoolDir": "/var/spool/goslmailer",
            "adaptiveCardTemplate": "/etc/slurm/card.json",
            "useLookup": "GECOS",
            "monitorT": "20000ms",
            "pickerT": "500ms",
            "psBufLen": "3",
            "numSenders": "4",
            "maxMsgPU": "6",
        },
        "mailto": {
            "name": "mail",
            "mailCmd": "/etc/slurm/mutt.sh",
            "mailCmdParams": '-s "Job {{ .SlurmEnvironment.SLURM_JOBID }}"',
            "mailTemplate": "/etc/slurm/mail.tmpl",
            "mailFormat": "HTML",
            "allowList": ".+@(imp|imba.oeaw).ac.at",
            "blockList": "",
        },
        "matrix": {
            "username": "@slurm:hs.example", "token": "syt_secretmatrix", "template": "/t.md",
            "homeserver": "https://hs.example",
        },
        "discord": {"name": "bot", "triggerString": "showmeslurm", "token": DISCORD, "useLookup": "no"},
        "slack": {"token": "xoxb-1-secret", "messageTemplate": "/t.md", "renderToFile": "no"},
        "textfile": {"path": "/srv"},
    },
}  # fmt: skip
BOT = {
    "connectors": {
        "telegram": {"name": "tg", "token": "123456789:AAExampleExampleExampleExampleExampl", "format": "HTML"}
    }
}


def settings(text: str, tmp_path: Path) -> Settings:
    path = tmp_path / "headgate.toml"
    path.write_text(text)
    path.chmod(0o600)
    return load(path, connector_settings=settings_of)


def converted(*contents: dict[str, Any], names: tuple[str, ...] = ("goslmailer.conf", "tgslurmbot.conf")) -> str:
    return convert([Source(name, content) for name, content in zip(names, contents, strict=False)])


def connector(**own: str) -> str:
    return converted({"connectors": {"slack": {"token": "xoxb-1-secret", **own}}})


def test_headgate_takes_what_a_whole_site_becomes(tmp_path: Path) -> None:
    own = settings(converted(SITE, BOT), tmp_path)
    assert own.notify.default_connector == "msteams"
    assert own.hints.qos_limits == {"short": 28800, "medium": 172800, "long": 1209600}
    assert set(own.connectors) == {"msteams", "mailto", "matrix", "discord", "slack", "telegram"}
    teams = own.connectors["msteams"]
    assert (teams.rate, teams.burst, teams.concurrency, teams.recipient_burst) == (2.0, 1, 4, 6)
    assert teams.lookup.chain == ("links", "gecos")


def test_the_bots_that_ran_are_switched_on_and_no_others() -> None:
    own = tomllib.loads(converted(SITE, BOT))["connectors"]
    assert own["telegram"]["bot"]["enabled"] is True
    assert own["discord"]["bot"] == {"enabled": True, "trigger": "showmeslurm"}
    assert not [name for name in ("matrix", "slack", "msteams", "mailto") if "bot" in own[name]]


@pytest.mark.parametrize(
    "words",
    [
        "logfile: Headgate writes its log to standard error",
        "debugconfig: `headgate config show`",
        "binpaths sstat: Headgate does not run it.",
        "Connector textfile was left out",
        "adaptiveCardTemplate = '/etc/slurm/card.json': a template in Go's language.",
        "monitorT: Headgate needs no scan",
        "psBufLen: Headgate has no such buffer.",
        "gobler deleted the newest messages over this",
        "mailCmd = '/etc/slurm/mutt.sh'",
        "allowList = '.+@(imp|imba.oeaw).ac.at' was a regular expression",
        "mailFormat = 'HTML'",
        "username = '@slurm:hs.example'",
    ],
)
def test_what_is_not_carried_over_exactly_has_a_remark(words: str) -> None:
    text = " ".join(line.removeprefix("# ") for line in converted(SITE, BOT).splitlines())
    assert words in text


def test_an_allow_list_that_cannot_be_carried_over_lets_nobody_in(tmp_path: Path) -> None:
    mail = settings(converted(SITE), tmp_path).connectors["mailto"]
    assert mail.model_dump()["allow"] == ("nobody@invalid",)


def test_an_allow_list_of_one_domain_is_a_pattern() -> None:
    text = converted({"connectors": {"mailto": {"allowList": r"^.*@example\.org$"}}})
    assert tomllib.loads(text)["connectors"]["mailto"]["allow"] == ["*@example.org"]


@pytest.mark.parametrize(
    ("picker", "rate"), [("5", 0.2), ("500ms", 2.0), ("1", 1.0), ("0", None), ("soon", None), ("", None)]
)
def test_a_picker_time_is_a_rate(picker: str, rate: float | None) -> None:
    assert tomllib.loads(connector(pickerT=picker))["connectors"]["slack"].get("rate") == rate


@pytest.mark.parametrize(("most", "burst"), [("6", 6), ("0", 1_000_000), ("many", 10), ("-1", 10)])
def test_a_bound_per_user_is_one(most: str, burst: int) -> None:
    assert tomllib.loads(connector(maxMsgPU=most))["connectors"]["slack"]["recipient_burst"] == burst


def test_a_retired_teams_address_is_not_carried_over(tmp_path: Path) -> None:
    text = converted({"connectors": {"msteams": {"url": "https://x.webhook.office.com/webhookb2/secret"}}})
    assert "secret" not in text
    assert "Microsoft has retired" in text
    settings(text, tmp_path)


@pytest.mark.parametrize(
    "own",
    [{"url": "https://[::1"}, {"pickerT": "9" * 5000}, {"maxMsgPU": "9" * 5000}, {"pickerT": "10000000"}],
    ids=["no-address", "endless-time", "endless-number", "very-slow"],
)
def test_a_value_that_is_out_of_bounds_still_makes_a_configuration(tmp_path: Path, own: dict[str, str]) -> None:
    site = {"connectors": {"msteams": {"url": "https://flow.example.org/x?sig=secret"} | own}}
    made = settings(convert([Source("goslmailer.conf", site)]), tmp_path)
    assert (made.connectors["msteams"].rate or 1.0) > 0


def test_half_a_character_does_not_keep_a_file_from_being_written() -> None:
    site = {"connectors": {"telegram": {"token": "1:\ud800"}}}
    assert convert([Source("tgslurmbot.conf", site)]).encode().decode().count("1:?") == 1


def test_files_that_differ_are_told_and_the_first_one_counts() -> None:
    text = converted(SITE, {"defaultconnector": "slack", "connectors": {"slack": {"token": "xoxb-2"}}})
    assert "tgslurmbot.conf: defaultconnector differs" in text
    assert "token of connector slack differs" in text
    assert "xoxb-2" not in text
    assert 'default_connector = "msteams"' in text


def test_a_key_nobody_reads_is_named() -> None:
    text = connector(tokn="x")
    assert "tokn: no key that goslmailer's slack reads" in text


def test_hostile_values_stay_values() -> None:
    nasty = 'a"b\\c\n[store]\nurl = "x"\x7f'
    text = converted({"connectors": {"slack": {"token": nasty, "messageTemplate": nasty, nasty: "1"}}})
    read = tomllib.loads(text)
    assert set(read) <= {"connectors", "notify"}
    assert read["connectors"]["slack"]["token"] == nasty


@pytest.mark.parametrize(
    "content", [{"connectors": []}, {"connectors": {"slack": "x"}}, {"binpaths": 5}, {"qosmap": {"a": "b"}}]
)
def test_what_has_the_wrong_shape_is_left_out_with_a_remark(content: dict[str, Any]) -> None:
    text = converted(content)
    assert "left out" in text
    tomllib.loads(text)


def test_the_command_reads_json_and_toml_together(tmp_path: Path) -> None:
    (tmp_path / "goslmailer.conf").write_text(json.dumps(SITE))
    (tmp_path / "gobler.toml").write_text('[connectors.telegram]\ntoken = "123456789:AA"\npickerT = "2"\n')
    done = CliRunner().invoke(
        headgate, ["config", "convert", "goslmailer", str(tmp_path / "goslmailer.conf"), str(tmp_path / "gobler.toml")]
    )
    assert done.exit_code == 0, done.output
    assert tomllib.loads(done.output)["connectors"]["telegram"]["rate"] == 0.5


@pytest.mark.parametrize(("name", "text"), [("a.conf", "{"), ("a.toml", "= 5"), ("a.conf", "[]"), ("b.conf", "\udcff")])
def test_a_file_that_is_none_of_goslmailers_is_an_error_that_names_it(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    done = CliRunner().invoke(headgate, ["config", "convert", "goslmailer", str(tmp_path / name)])
    assert done.exit_code != 0
    assert name in done.output + done.stderr + str(done.exception)
