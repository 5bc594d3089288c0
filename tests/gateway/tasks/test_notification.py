"""Who is told of a task's end: its own recipients and its kind's, each by a connector that serves the method."""

from __future__ import annotations

from typing import Any

import pytest

from headgate.config.gateway import TaskType
from headgate.connectors.registry import settings_of
from headgate.gateway.refusals import BadRequestError
from headgate.gateway.tasks.notification import kind_of, recipients
from headgate.gateway.tasks.task import TaskNotification

NOBODY = TaskType()
SITE = {"google": "gmail", "post": "mailto", "chat": "slack", "queue": "rabbitmq", "textfile": "file"}


def told(params: dict[str, Any], connectors: dict[str, str] = SITE, kind: TaskType = NOBODY) -> list[str]:
    return recipients(TaskNotification(methods=tuple(params), params=params), kind, connectors)


@pytest.mark.parametrize(
    ("method", "params", "recipient"),
    [
        ("email", {"sender": "x@example.org", "recipient": "ada@example.org", "subject": "s"}, "post:ada@example.org"),
        ("gmail", {"recipient": "ada@example.org"}, "google:ada@example.org"),
        ("slack", {"msg": "m", "channel": "general"}, "chat:#general"),
        ("slack", {"channel": "#ops"}, "chat:#ops"),
        ("slack", {"channel": "C0123ABC"}, "chat:C0123ABC"),
        ("rabbitmq", {"queue": "done", "exchange": "", "routing_key": "k"}, "queue:done"),
        ("rabbithq", {"queue": "done"}, "queue:done"),
        ("textfile", {"target": "ada"}, "textfile:ada"),
        ("chat", {"to": "U0123ABC"}, "chat:U0123ABC"),
    ],
)
def test_each_method_has_its_connector_and_its_target(method: str, params: dict[str, str], recipient: str) -> None:
    assert told({method: params}) == [recipient]


def test_a_connector_of_the_methods_name_goes_before_others_of_its_kind() -> None:
    connectors = {"a": "mailto", "email": "mailto"}
    assert told({"email": {"recipient": "ada@example.org"}}, connectors) == ["email:ada@example.org"]


def test_the_first_one_of_the_kind_in_the_configuration_is_taken() -> None:
    connectors = {"z": "mailto", "a": "mailto"}
    assert told({"email": {"recipient": "ada@example.org"}}, connectors) == ["z:ada@example.org"]


@pytest.mark.parametrize(("method", "only"), [("gmail", "mailto"), ("email", "gmail")])
def test_mail_goes_by_the_other_way_where_there_is_only_that(method: str, only: str) -> None:
    assert told({method: {"recipient": "ada@example.org"}}, {"x": only}) == ["x:ada@example.org"]


def test_gmail_is_known_by_how_its_mails_leave() -> None:
    model = settings_of("mailto")
    by_smtp = model.model_validate({"from_address": "slurm@example.org"})
    by_gmail = model.model_validate({"from_address": "s@example.org", "transport": "gmail", "gmail_key": "{}"})
    assert (kind_of(by_smtp), kind_of(by_gmail)) == ("mailto", "gmail")


def test_the_kinds_recipients_come_first_and_nobody_comes_twice() -> None:
    kind = TaskType(notify=("chat:#ops", "post:ada@example.org"))
    own = {"email": {"recipient": "ada@example.org"}, "gmail": {"recipient": "ben@example.org"}}
    assert told(own, kind=kind) == ["chat:#ops", "post:ada@example.org", "google:ben@example.org"]


def test_one_tasks_recipients_are_never_anothers() -> None:
    kind = TaskType(notify=("chat:#ops",))
    first = told({"email": {"recipient": "ada@example.org"}}, kind=kind)
    second = told({"email": {"recipient": "ben@example.org"}}, kind=kind)
    assert first == ["chat:#ops", "post:ada@example.org"]
    assert second == ["chat:#ops", "post:ben@example.org"]
    assert recipients(None, kind, SITE) == ["chat:#ops"]


@pytest.mark.parametrize(
    ("params", "connectors", "said"),
    [
        ({"pigeon": {"target": "ada"}}, SITE, "'pigeon' here; there are: chat, email, gmail"),
        ({"test": {}}, SITE, "'test'"),
        ({"slack": {"channel": "x"}}, {"post": "mailto"}, "'slack' here; there are: email, gmail, post"),
        ({"slack": {"channel": "x"}}, {}, "there are: none"),
        ({"email": {}}, SITE, "notification.params.email says nobody"),
        ({"email": {"recipient": " "}}, SITE, "notification.params.email says nobody"),
        ({"email": {"recipient": 7}}, SITE, "notification.params.email says nobody"),
        ({"email": {"recipient": "ada@example.org\nBcc: x"}}, SITE, "notification.params.email says nobody"),
    ],
)
def test_what_reaches_nobody_is_refused(params: dict[str, Any], connectors: dict[str, str], said: str) -> None:
    with pytest.raises(BadRequestError) as refused:
        told(params, connectors)
    assert said in refused.value.message


def test_parameters_of_a_method_that_is_not_used_are_refused() -> None:
    with pytest.raises(BadRequestError, match="slack"):
        recipients(TaskNotification(methods=(), params={"slack": {"channel": "x"}}), NOBODY, SITE)
