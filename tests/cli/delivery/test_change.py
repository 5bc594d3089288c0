from __future__ import annotations

import pytest

from tests.cli.stored import Site


def states(site: Site) -> dict[int, str]:
    return {one["id"]: one["state"] for one in site.json("delivery", "list")}


def test_one_is_tried_again_now(site: Site) -> None:
    before = site.json("delivery", "show", "3")
    assert site.text("delivery", "retry", "3") == "1 retried\n"
    after = site.json("delivery", "show", "3")
    assert (after["state"], after["attempts"]) == ("ready", 0)
    assert after["not_before"] < before["not_before"]


def test_what_names_nobody_or_is_done_is_left_alone(site: Site) -> None:
    assert site.text("delivery", "retry", "1", "2", "99") == "0 retried, 3 left alone\n"
    assert (states(site)[1], states(site)[2]) == ("delivered", "dead")


def test_those_that_options_choose_are_dropped(site: Site) -> None:
    assert site.json("delivery", "drop", "--job", "8", "--why", "not needed") == {"dropped": [3, 4], "left_alone": 0}
    assert states(site) == {1: "delivered", 2: "dead", 3: "dropped", 4: "dropped"}
    assert site.json("delivery", "show", "3")["detail"] == "not needed"


def test_what_was_dropped_can_be_tried_again(site: Site) -> None:
    site.text("delivery", "drop", "4")
    assert site.json("delivery", "retry", "--state", "dropped") == {"retried": [4], "left_alone": 0}
    assert states(site)[4] == "waiting"


@pytest.mark.parametrize("verb", ["retry", "drop"])
def test_all_is_never_meant_by_saying_nothing(site: Site, verb: str) -> None:
    before = states(site)
    assert site.run("delivery", verb).exit_code == 2
    assert site.run("delivery", verb, "3", "--state", "dead").exit_code == 2
    assert states(site) == before


@pytest.mark.parametrize("verb", ["retry", "drop"])
def test_a_number_no_store_can_hold_is_refused(site: Site, verb: str) -> None:
    assert site.run("delivery", verb, "99999999999999999999").exit_code == 2


def test_what_was_done_is_in_the_audit_log(site: Site) -> None:
    site.text("delivery", "retry", "3", "1")
    site.text("delivery", "drop", "4", "--why", "not needed")
    site.text("delivery", "drop", "1")
    entries = site.json("audit", "list")
    assert [(one["via"], one["action"], one["subject"], one["outcome"], one["detail"]) for one in entries] == [
        ("command line", "delivery retry", "2 deliveries", "done", "1 left alone; 3"),
        ("command line", "delivery drop", "delivery 4", "done", "not needed"),
        ("command line", "delivery drop", "delivery 1", "refused", "dropped by an operator; 1 left alone"),
    ]
