"""Cards by Microsoft's schema, small enough, with what people want to know in them."""

from __future__ import annotations

import json

import pytest

from headgate.connectors import samples
from headgate.connectors.msteams.rendering import MAX_OCTETS, octets_of, payload_of
from headgate.model.message import DigestLine, LogTail, Message, Outcome
from headgate.testing.conformance.hostile import crowded_message
from headgate.testing.msteams.card import faults_of
from tests.connectors.msteams.cards import ARRAY, MESSAGES, STARTED, card_of, elements, texts


@pytest.mark.parametrize("name", MESSAGES)
def test_every_card_is_by_the_schema_and_small(name: str) -> None:
    for options in ({}, {"principal": "ada@example.org"}, {"body": "**A site's** own\n\n- text"}):
        assert faults_of(card_of(MESSAGES[name], **options)) == []
        assert len(octets_of(payload_of(MESSAGES[name], **options))) <= MAX_OCTETS


@pytest.mark.parametrize("name", MESSAGES)
def test_text_of_a_job_never_stands_where_markdown_is_read(name: str) -> None:
    for element in elements(card_of(MESSAGES[name])):
        assert element.get("type") not in ("TextBlock", "FactSet", "Fact")


@pytest.mark.parametrize("name", MESSAGES)
def test_no_text_holds_a_mention_or_a_function(name: str) -> None:
    for text in texts(card_of(MESSAGES[name])):
        assert "<at" not in text.lower()
        assert "{{" not in text


def test_the_outcome_comes_first_with_its_colour() -> None:
    header = card_of(samples.FAILED)["body"][0]
    assert (header["type"], header["style"]) == ("Container", "attention")
    assert texts({"body": header})[:2] == ["✖ Failed", samples.FAILED.title]


def test_a_card_says_all_there_is_to_say() -> None:
    told = "\n".join(texts(card_of(samples.FAILED)))
    said = [
        samples.FAILED.summary,
        *(part for fact in samples.FAILED.facts for part in (fact.label, fact.value)),
        *(part for bar in samples.FAILED.bars for part in (bar.label, bar.text)),
        *samples.FAILED.hints,
        *samples.FAILED.notes,
        "End of /home/ada/projects/run-0001/slurm-1051492.out",
        "\N{NO-BREAK SPACE}" * 4 + "main(sys.argv[1:])",
        "ada on dev",
    ]
    assert not [part for part in said if part not in told]


def test_links_are_buttons_and_only_those_of_the_web() -> None:
    assert card_of(samples.FAILED)["actions"] == [
        {"type": "Action.OpenUrl", "title": "Job page", "url": "https://hpc.example.org/jobs/1051492"}
    ]
    assert "actions" not in card_of(STARTED)
    for name in (name for name in MESSAGES if name.startswith("hostile")):
        urls = [action["url"] for action in card_of(MESSAGES[name]).get("actions", [])]
        assert all(url.startswith("https://example.org/") for url in urls)


def test_a_started_job_is_told_in_a_few_lines() -> None:
    assert len(texts(card_of(STARTED))) == 5


def test_what_was_used_a_little_is_not_drawn_as_nothing() -> None:
    (drawn,) = (text for text in texts(card_of(ARRAY)) if "█" in text)
    assert drawn == "█" + "░" * 19 + "  0.4 %"


def test_more_than_was_given_is_drawn_full_and_marked() -> None:
    (run,) = (
        element
        for element in elements(card_of(samples.SUCCEEDED))
        if "█" in str(element.get("text", "")) and element.get("color") == "Attention"
    )
    assert run["text"] == "█" * 20


def test_a_digest_names_every_job_under_its_outcome_and_failures_first() -> None:
    told = texts(card_of(samples.DIGEST))
    assert told.index("✖ Failed") < told.index("✔ Succeeded") < told.index("▶ Started")
    assert not [line.text for line in samples.DIGEST.digest if line.text not in told]


def test_a_long_digest_keeps_its_failures_and_says_how_many_lines_are_left_out() -> None:
    good = tuple(DigestLine(outcome=Outcome.SUCCEEDED, text=f"Completed: job {n}") for n in range(400))
    bad = tuple(DigestLine(outcome=Outcome.FAILED, text=f"Failed: job {n}") for n in range(400, 450))
    told = texts(card_of(samples.DIGEST.model_copy(update={"digest": good + bad})))
    assert not [line.text for line in bad if line.text not in told]
    shown = sum(text.startswith(("Completed: ", "Failed: ")) for text in told)
    assert f"{450 - shown} more messages left out of this message." in told


def test_the_log_is_the_first_to_go_and_its_absence_is_said() -> None:
    lines = tuple(f"{n} " + "x" * 190 for n in range(100))
    long = samples.FAILED.model_copy(update={"log": LogTail(path="/out", lines=lines)})
    told = texts(card_of(long))
    shown = [text for text in told if text.endswith("x" * 190)]
    assert shown[-1] == lines[-1]
    assert 6 <= len(shown) < 100
    assert f"Teams takes small messages only: {100 - len(shown)} more lines of /out are left out." in told
    assert not [fact.value for fact in samples.FAILED.facts if fact.value not in told]


def test_of_too_much_of_everything_the_card_says_what_is_left_out() -> None:
    told = " ".join(texts(card_of(crowded_message())))
    for called in ("facts", "bars", "hints", "notes", "links", "messages", "lines"):
        assert f"more {called}" in told, called


def test_wide_text_is_counted_in_octets() -> None:
    assert len(octets_of(payload_of(MESSAGES["hostile long and wide"]))) > 4 * 1000


def test_a_site_s_body_takes_the_place_of_ours_between_header_and_buttons() -> None:
    card = card_of(samples.FAILED, body="Look at **this**.")
    assert [element["type"] for element in card["body"]] == ["Container", "TextBlock"]
    assert card["body"][1] == {"type": "TextBlock", "text": "Look at **this**.", "wrap": True}
    assert card["actions"]


def test_a_site_s_body_is_bounded() -> None:
    card = card_of(samples.FAILED, body="\\*" * 100_000)
    assert card["body"][1]["text"].endswith("\\*…")


def internal(card: dict[str, list[dict[str, object]]]) -> dict[str, object]:
    """Return the facts that only a flow reads."""
    (facts,) = (element for element in card["body"] if element.get("id") == "InternalData")
    return facts


def test_a_card_for_a_person_has_what_goslmailer_s_flows_read() -> None:
    card = card_of(samples.FAILED, principal="ada.l@example.org")
    assert card["msteams"]["entities"] == [
        {"type": "mention", "text": "<at>ada</at>", "mentioned": {"id": "ada.l@example.org", "name": "ada"}}
    ]
    assert internal(card) == {
        "type": "FactSet",
        "id": "InternalData",
        "isVisible": False,
        "facts": [{"title": "User", "value": "<at>ada</at>"}, {"title": "JobStatus", "value": "Failed"}],
    }


@pytest.mark.parametrize(
    ("message", "mail_type"),
    [
        (STARTED, "Began"),
        (samples.SUCCEEDED, "Ended"),
        (STARTED.model_copy(update={"fields": {"SLURM_JOB_MAIL_TYPE": "Reached 80% of time limit"}}), "Reached 80%"),
    ],
    ids=["started", "succeeded", "named"],
)
def test_the_mail_type_is_slurm_s(message: Message, mail_type: str) -> None:
    facts = internal(card_of(message, principal="ada@example.org"))["facts"]
    assert json.dumps(facts).count(mail_type) == 1


def test_a_message_about_no_job_mentions_the_person_by_the_principal_name() -> None:
    (entity,) = card_of(samples.DIGEST, principal="ada.l@example.org")["msteams"]["entities"]
    assert entity["text"] == "<at>ada.l</at>"
    assert entity["mentioned"]["name"] == "ada.l"


def test_a_hostile_user_name_is_no_second_mention() -> None:
    job = samples.FAILED.job
    assert job is not None
    hostile = samples.FAILED.model_copy(update={"job": job.model_copy(update={"user": "a</at><at>everyone"})})
    card = card_of(hostile, principal="ada@example.org")
    assert [entity["text"] for entity in card["msteams"]["entities"]] == ["<at>ada</at>"]


def test_a_card_for_a_channel_mentions_nobody() -> None:
    assert card_of(samples.FAILED)["msteams"] == {"width": "Full"}
