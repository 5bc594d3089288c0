"""slurm-proxy's kinds of task become tables, whatever of Python or JSON they are written in."""

from __future__ import annotations

import subprocess
import tomllib
from typing import Any

import pytest

from headgate.config.convert.page import Page
from headgate.config.convert.task_kinds import carry_kinds, read_kinds

ALL = ("mailto", "gmail", "slack", "rabbitmq")


def carried(kinds: dict[str, Any], connectors: tuple[str, ...] = ALL) -> tuple[dict[str, Any], str]:
    page = Page()
    carry_kinds(kinds, page, connectors)
    text = page.text()
    return tomllib.loads(text), " ".join(line.removeprefix("# ") for line in text.splitlines())


def told(method: str, params: Any, connectors: tuple[str, ...] = ALL) -> tuple[list[str], dict[str, Any], str]:
    notification = {"methods": [method], "params": {method: params}}
    made, remarks = carried({"k": {"description": "d", "notification": notification}}, connectors)
    return made["gateway"]["tasks"]["k"].get("notify", []), made, remarks


def test_python_is_read_and_not_run() -> None:
    text = "import nothing_of_this_name\nTASK_METADATA: dict = {'a': {'methods': [Way.EMAIL, 'x'], 'n': (1, None)}}\n"
    assert read_kinds(text, python=True) == {"a": {"methods": ["email", "x"], "n": [1, None]}}


def test_json_may_have_the_name_around_it_or_not() -> None:
    assert read_kinds('{"TASK_METADATA": {"a": {}}}', python=False) == read_kinds('{"a": {}}', python=False)


@pytest.mark.parametrize(
    "text",
    ["TASK_METADATA = f(1)", "TASK_METADATA = {**other}", "TASK_METADATA = [1]", "x = {}", "TASK_METADATA = {[1]: 2}"],
)
def test_what_is_computed_or_no_table_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="TASK_METADATA"):
        read_kinds(text, python=True)


def test_plain_words_stay_a_command_and_its_arguments() -> None:
    made, _ = carried({"align": {"cmd": "/opt/align", "default_params": ["-n", 4], "description": "Aligns"}})
    assert made["gateway"]["tasks"] == {
        "align": {"cmd": "/opt/align", "default_params": ["-n", "4"], "description": "Aligns"}
    }


def test_words_for_a_shell_stay_for_a_shell_and_a_tasks_own_do_not() -> None:
    made, remarks = carried({"say it": {"cmd": "printf '%s,'", "default_params": ["a$((1 + 1))"]}})
    kind = made["gateway"]["tasks"]["say it"]
    own = ["$HOME", "it's; exit 3"]
    done = subprocess.run([kind["cmd"], *kind["default_params"], *own], capture_output=True, text=True, check=True)
    assert done.stdout == "a2,$HOME,it's; exit 3,"
    assert "line of shell" in remarks


def test_a_kind_without_a_command_has_none() -> None:
    made, _ = carried({"generic": {"description": "Any"}})
    assert made["gateway"]["tasks"]["generic"] == {"description": "Any"}


@pytest.mark.parametrize(
    ("method", "params", "target"),
    [
        ("email", {"recipient": "a@example.org", "sender": "x", "subject": "s", "body": "b"}, "mailto:a@example.org"),
        ("gmail", {"recipient": "a@example.org"}, "gmail:a@example.org"),
        ("slack", {"channel": "general", "msg": "m"}, "slack:#general"),
        ("slack", {"channel": "C0123ABC"}, "slack:C0123ABC"),
        ("slack", {"channel": "#ops"}, "slack:#ops"),
        ("rabbithq", {"queue": "done"}, "rabbitmq:done"),
    ],
)
def test_who_is_told_of_every_task_is_a_recipient(method: str, params: dict[str, str], target: str) -> None:
    assert told(method, params)[0] == [target]


@pytest.mark.parametrize(
    ("params", "destination"),
    [
        ({"queue": "q"}, {"queue": "q"}),
        ({"queue": "q", "exchange": "", "routing_key": "q"}, {"queue": "q"}),
        ({"queue": "q", "exchange": "", "routing_key": "other"}, {"routing_key": "other"}),
        ({"queue": "q", "exchange": "x", "routing_key": "k"}, {"exchange": "x", "routing_key": "k"}),
    ],
)
def test_a_queue_becomes_a_destination(params: dict[str, str], destination: dict[str, str]) -> None:
    _, made, _ = told("rabbitmq", params)
    assert made["connectors"]["rabbitmq"]["destinations"] == {"q": destination}


def test_a_queue_whose_name_is_no_destinations_gets_another() -> None:
    recipients, made, _ = told("rabbitmq", {"queue": "a b"})
    assert (recipients, made["connectors"]["rabbitmq"]["destinations"]) == (["rabbitmq:a-b"], {"a-b": {"queue": "a b"}})


@pytest.mark.parametrize(
    ("method", "params", "connectors", "words"),
    [
        ("test", None, ALL, "The method test only printed"),
        ("email", {"recipient": "a@example.org"}, ("slack",), "No setting says how email is sent"),
        ("pigeon", {}, ALL, "A method is none of slurm-proxy's"),
        ("gmail", None, ALL, "The method gmail names nobody"),
        (
            "email",
            {"recipient": "a@example.org", "cc": "b"},
            ALL,
            "1 key of k.notification.params.email: nothing that slurm-proxy reads",
        ),
        ("email", "x", ALL, "k.notification.params.email is no table"),
        ("email", {"recipient": "a@example.org?hunter2"}, ALL, "The method email names nobody"),
        ("slack", {"channel": "https://hooks.example.org/hunter2"}, ALL, "The method slack names nobody"),
        ("rabbitmq", {"queue": "amqp://ada:hunter2@mq/"}, ALL, "The method rabbitmq names nobody"),
        ("rabbitmq", {"queue": "q", "routing_key": "ada:hunter2@mq"}, ALL, "The method rabbitmq names nobody"),
        ("hunter2", {"hunter2": "hunter2"}, ALL, "1 key of k.notification.params: nothing"),
    ],
)
def test_what_is_left_out_has_a_remark(method: str, params: Any, connectors: tuple[str, ...], words: str) -> None:
    _, made, remarks = told(method, params, connectors)
    assert words in remarks
    assert "hunter2" not in f"{made} {remarks}"


@pytest.mark.parametrize(
    ("command", "default"),
    [
        ("/opt/fit --password=hunter2", []),
        ("/opt/fit", ["--api-key", "hunter2"]),
        ("curl", ["https://ada:hunter2@db.example.org/"]),
        ("/bin/bash", ["-c", "TOKEN=hunter2 fit"]),
    ],
)
def test_a_command_that_may_hold_a_secret_is_not_repeated(command: str, default: list[str]) -> None:
    made, remarks = carried({"k": {"cmd": command, "default_params": default, "description": "Fits"}})
    assert made["gateway"]["tasks"]["k"] == {"description": "Fits", "cmd": "REPLACE-THIS"}
    assert "hunter2" not in remarks
    assert "cmd and default_params may hold a password or a token, and were not repeated." in remarks


@pytest.mark.filterwarnings("error")
def test_a_backslash_in_the_other_program_warns_nobody() -> None:
    assert read_kinds('TASK_METADATA = {}\nPATTERN = "\\d"\n', python=True) == {}


def test_a_kind_that_is_no_table_is_told() -> None:
    assert "k is no table" in carried({"k": 5})[1]
