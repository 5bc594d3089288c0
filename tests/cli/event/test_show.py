from __future__ import annotations

import json

import pytest

from tests.cli.stored import Site


def test_everything_about_an_event_is_shown_with_what_followed(site: Site) -> None:
    text = site.text("event", "show", "1")
    for told in ("mail.requested", "job 7", "ada", "mail at ", 'kind: "ended"', "1 mailto:ada: delivered", ": dead"):
        assert told in text


def test_programs_get_it_as_one_object(site: Site) -> None:
    told = site.json("event", "show", "1")
    assert (told["id"], told["job_id"], told["cluster"]) == (1, 7, "c")
    assert [(one["id"], one["state"]) for one in told["deliveries"]] == [(1, "delivered"), (2, "dead")]


def test_an_event_that_is_not_there_is_one_line_and_status_one(site: Site) -> None:
    done = site.process("event", "show", "99", "--json")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "headgate: there is no event 99\n")


@pytest.mark.parametrize("number", ["x", "99999999999999999999"])
def test_what_is_no_number_is_refused(site: Site, number: str) -> None:
    assert site.run("event", "show", number).exit_code == 2


def test_a_process_answers_the_same(site: Site) -> None:
    done = site.process("event", "show", "4", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["data"]["state"] == "FAILED"
