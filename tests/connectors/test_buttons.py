from __future__ import annotations

from headgate.config.chat import BotSettings
from headgate.connectors.buttons import buttons_for, in_words
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


DECIDES = BotSettings(enabled=True, commands=("approve", "refuse"))
ASKING = DIGEST.model_copy(update={"digest": (), "execution": 12})


def test_a_message_about_an_execution_that_waits_offers_to_decide() -> None:
    assert [(one.label, one.command) for one in buttons_for(ASKING, DECIDES)] == [
        ("Approve", "approve 12"),
        ("Refuse", "refuse 12"),
    ]
    assert commands(ASKING) == []
    assert commands(STARTED, DECIDES) == []
    assert commands(ASKING.model_copy(update={"digest": DIGEST.digest}), DECIDES) == []


def test_without_buttons_it_says_what_can_be_said() -> None:
    assert in_words(ASKING, DECIDES).notes[-1] == "You can say to the bot: approve 12, or refuse 12"
    assert in_words(ASKING, ALL) == ASKING
    assert in_words(STARTED, ALL) == STARTED


def test_a_digest_is_about_no_job() -> None:
    assert commands(DIGEST) == []


def test_a_job_id_that_is_none_makes_no_button() -> None:
    odd = JobIdentity(cluster="c", job_id="ü" * 80, name="n", user="u")
    assert commands(STARTED.model_copy(update={"job": odd})) == ["mute 2h"]
