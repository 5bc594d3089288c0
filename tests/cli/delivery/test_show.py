from __future__ import annotations

import pytest

from tests.cli.stored import HOSTILE, Site


def test_a_delivery_is_shown_with_its_failures_and_its_message(site: Site) -> None:
    text = site.text("delivery", "show", "3")
    for told in ("mailto:ben", "ready", "timeout", "Completed: job 8", "ask for less", "job 8"):
        assert told in text


def test_a_delivery_without_a_message_is_shown_too(site: Site) -> None:
    assert "waiting" in site.text("delivery", "show", "4")


def test_programs_get_it_as_one_object(site: Site) -> None:
    told = site.json("delivery", "show", "3")
    assert (told["id"], told["state"], told["event_id"]) == (3, "ready", 2)
    [failed] = told["failures"]
    assert (failed["reason"], failed["detail"]) == ("timeout", HOSTILE)
    assert told["message"]["outcome"] == "succeeded"


def test_a_delivery_that_is_not_there_is_one_line_and_status_one(site: Site) -> None:
    done = site.process("delivery", "show", "99")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "headgate: there is no delivery 99\n")


@pytest.mark.parametrize("number", ["x", "99999999999999999999"])
def test_what_is_no_number_is_refused(site: Site, number: str) -> None:
    assert site.run("delivery", "show", number).exit_code == 2
