from __future__ import annotations

import pytest

from tests.cli.stored import HOSTILE, Site


def test_deliveries_are_listed_oldest_first_with_what_keeps_them(site: Site) -> None:
    lines = site.text("delivery", "list").splitlines()
    assert [line.split()[0] for line in lines if line[:1].isdigit()] == ["1", "2", "3", "4"]
    text = " ".join(lines)
    for told in ("delivered", "dead", "bad_receiver", "timeout", "waiting", "mailto:ada"):
        assert told in text


def test_programs_get_all_of_each_delivery(site: Site) -> None:
    told = site.json("delivery", "list")
    assert [(one["id"], one["state"]) for one in told] == [
        (1, "delivered"), (2, "dead"), (3, "ready"), (4, "waiting"),
    ]  # fmt: skip
    assert (told[1]["target"], told[1]["reason"], told[1]["detail"]) == (HOSTILE, "bad_receiver", HOSTILE)
    assert (told[2]["attempts"], told[2]["job_id"], told[2]["user"]) == (1, 8, "ben")
    assert told[0]["message"]["hints"] == ["ask for less"]
    assert told[3]["message"] is None


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        (["--state", "dead"], [2]),
        (["--state", "dead", "--state", "waiting"], [2, 4]),
        (["--connector", "mailto"], [1, 3]),
        (["--target", "ops"], [4]),
        (["--job", "8"], [3, 4]),
        (["--user", "ada"], [1, 2]),
        (["--limit", "1"], [4]),
        (["--user", "ada", "--state", "ready"], []),
    ],
)
def test_options_choose(site: Site, options: list[str], numbers: list[int]) -> None:
    assert [one["id"] for one in site.json("delivery", "list", *options)] == numbers


def test_none_is_said_so(site: Site) -> None:
    assert site.text("delivery", "list", "--job", "99") == "No such deliveries.\n"


@pytest.mark.parametrize("options", [["--state", "lost"], ["--job", "99999999999999999999"]])
def test_options_that_mean_nothing_are_refused(site: Site, options: list[str]) -> None:
    assert site.run("delivery", "list", *options).exit_code == 2
