"""Texts of hints and the job link are checked when they are loaded."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from headgate.config.notify import PLACEHOLDERS, HintSettings, MessageSettings, check_template


@pytest.mark.parametrize(
    "text", ["{asked.__class__}", "{asked[0]}", "{asked!r}", "{asked:>1000000}", "{0}", "{}", "{qos_limits}", "{", "}"]
)
def test_a_template_holds_plain_names_only(text: str) -> None:
    with pytest.raises(ValidationError):
        HintSettings(memory_text=text)


def test_a_mistake_names_the_placeholders_there_are() -> None:
    with pytest.raises(ValueError, match=r"there are \{asked\}, \{percent\}, \{used\}"):
        check_template("{askd}", PLACEHOLDERS["cores_text"])


def test_every_default_passes_its_own_check_and_says_its_placeholders() -> None:
    for name, field in HintSettings.model_fields.items():
        if name in PLACEHOLDERS:
            check_template(field.default, PLACEHOLDERS[name])
            assert all(f"{{{placeholder}}}" in (field.description or "") for placeholder in PLACEHOLDERS[name])
    assert {name for name in HintSettings.model_fields if name.endswith("_text")} == set(PLACEHOLDERS) - {"job_link"}


@pytest.mark.parametrize("text", ["two\nlines", "\x1b[2J", "x" * 501])
def test_a_text_is_one_bounded_line(text: str) -> None:
    with pytest.raises(ValidationError):
        HintSettings(timeout_text=text)


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "dash.example/{job_id}", "https://x/{job_id} y", "https://{host}/"]
)
def test_a_job_link_is_a_web_address_with_known_placeholders(link: str) -> None:
    with pytest.raises(ValidationError):
        MessageSettings(job_link=link)


@pytest.mark.parametrize("zone", ["Vienna/Europe", "../../etc/passwd", "/etc/localtime"])
def test_a_time_zone_must_be_known(zone: str) -> None:
    with pytest.raises(ValidationError):
        MessageSettings(time_zone=zone)
