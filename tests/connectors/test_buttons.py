from __future__ import annotations

from headgate.config.chat import BotSettings
from headgate.connectors.buttons import buttons_for
from headgate.connectors.samples import ARRAY, DIGEST, FAILED, STARTED
from headgate.model.message import JobIdentity, Message

ALL = BotSettings(enabled=True, commands=("jobs", "job", "output", "cancel", "mute"))


def commands(message: Message, bot: BotSettings = ALL) -> list[str]:
    return [button.command for button in buttons_for(message, bot)]


def test_a_message_offers_what_the_bot_may_do_about_its_job() -> None:
    assert commands(STARTED) == ["output 1051492", "cancel 1051492", "mute 2h"]


def test_what_is_over_cannot_be_cancelled() -> None:
    assert commands(FAILED) == ["output 1051492", "mute 2h"]


def test_an_array_has_no_output_of_its_own() -> None:
    assert commands(ARRAY) == ["mute 2h"]


def test_where_no_bot_listens_there_are_no_buttons() -> None:
    assert commands(STARTED, BotSettings(enabled=False)) == []
    assert commands(STARTED, ALL.model_copy(update={"buttons": False})) == []
    assert commands(STARTED, ALL.model_copy(update={"commands": ("mute",)})) == ["mute 2h"]


def test_a_digest_is_about_no_job() -> None:
    assert commands(DIGEST) == []


def test_a_job_id_that_is_none_makes_no_button() -> None:
    odd = JobIdentity(cluster="c", job_id="ü" * 80, name="n", user="u")
    assert commands(STARTED.model_copy(update={"job": odd})) == ["mute 2h"]
