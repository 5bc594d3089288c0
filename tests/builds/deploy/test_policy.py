from __future__ import annotations

from typing import Any

import pytest

from headgate.builds.deploy.policy import Choice, choose
from headgate.builds.deploy.request import BuiltJob, Outcome, Uploaded
from headgate.config.builds import DeploySettings
from tests.builds.deploy.made import ARTEFACT, COMMIT, OTHER_COMMIT, REPOSITORY_ID, job, request


def chosen(policy: str, *jobs: BuiltJob, uploaded: tuple[Uploaded, ...] = (), **settings: Any) -> Choice:
    given = DeploySettings.model_validate({"policy": policy, "bucket": "staging", **settings})
    return choose(request(*jobs, uploaded=uploaded), given)


def going(choice: Choice) -> list[tuple[str, str]]:
    return [(one.job.job, one.artefact.path) for one in choice.going]


def left(choice: Choice) -> dict[tuple[str, str], str]:
    return {(row.job, row.artefact): row.reason for row in choice.left}


JOBS = (job("1", "a-10.tar.gz", "b-10.tar.zst"), job("2", "a-20.tar.zst", "c-5.tar.gz"), job("3", "a-15.tar.gz"))


def test_all_takes_every_artefact_of_every_job() -> None:
    choice = chosen("all", *JOBS)
    assert going(choice) == [
        ("1", "a-10.tar.gz"),
        ("1", "b-10.tar.zst"),
        ("2", "a-20.tar.zst"),
        ("2", "c-5.tar.gz"),
        ("3", "a-15.tar.gz"),
    ]
    assert choice.left == ()


def test_latest_takes_the_newest_of_each_payload_whatever_its_compression() -> None:
    choice = chosen("latest", *JOBS)
    assert sorted(going(choice)) == [("1", "b-10.tar.zst"), ("2", "a-20.tar.zst"), ("2", "c-5.tar.gz")]
    assert left(choice) == {
        ("1", "a-10.tar.gz"): "job 2 made a newer one",
        ("3", "a-15.tar.gz"): "job 2 made a newer one",
    }


def test_latest_compares_numbers() -> None:
    assert going(chosen("latest", job("1", "a-9.tar.gz"), job("2", "a-10.tar.gz"))) == [("2", "a-10.tar.gz")]


def test_once_takes_the_latest_unless_one_of_its_kind_went() -> None:
    choice = chosen("once", *JOBS, uploaded=(Uploaded("0", REPOSITORY_ID, "a-1.tar.gz"),))
    assert sorted(going(choice)) == [("1", "b-10.tar.zst"), ("2", "c-5.tar.gz")]
    assert left(choice)["2", "a-20.tar.zst"] == "one of its kind was uploaded already"


def test_once_does_not_take_one_payload_for_another_that_begins_like_it() -> None:
    choice = chosen("once", job("1", "a-10.tar.gz"), uploaded=(Uploaded("0", REPOSITORY_ID, "a-b-1.tar.gz"),))
    assert going(choice) == [("1", "a-10.tar.gz")]


def test_none_takes_nothing() -> None:
    choice = chosen("none", *JOBS)
    assert choice.going == ()
    assert {row.reason for row in choice.left} == {"nothing is deployed here"}


def test_one_payload_for_two_repositories_is_two_things() -> None:
    choice = chosen("latest", job("1", "a-1.tar.gz"), job("2", "a-2.tar.gz", repository_id="other"))
    assert len(choice.going) == 2


@pytest.mark.parametrize(
    ("facts", "setting", "reason"),
    [
        ({"succeeded": False}, None, "the build did not succeed"),
        ({"tests_passed": False}, "untested", "its tests did not pass"),
        ({"tests_passed": None}, "untested", "it was not tested"),
        (
            {"commit": OTHER_COMMIT},
            "outdated",
            "it was built of 222222222222, which is not the commit that was approved",
        ),
    ],
)
def test_a_job_that_did_not_pass_at_the_approved_commit_is_left_out(
    facts: dict[str, Any], setting: str | None, reason: str
) -> None:
    choice = chosen("all", job("1", **facts))
    assert choice.going == ()
    assert left(choice) == {("1", ARTEFACT): reason}
    if setting:
        allowed = DeploySettings.model_validate({"policy": "all", "bucket": "staging", setting: True})
        assert going(choose(request(job("1", **facts)), allowed)) == [("1", ARTEFACT)]


def test_no_setting_deploys_what_failed() -> None:
    assert chosen("all", job("1", succeeded=False), untested=True, outdated=True).going == ()


def test_the_latest_is_the_latest_of_those_that_passed() -> None:
    choice = chosen("latest", job("1", "a-1.tar.gz"), job("2", "a-2.tar.gz", tests_passed=False))
    assert going(choice) == [("1", "a-1.tar.gz")]


def test_a_job_without_artefacts_keeps_no_other_from_going() -> None:
    choice = chosen("all", job("1", artefacts=()), job("2"))
    assert going(choice) == [("2", ARTEFACT)]
    assert left(choice) == {("1", ""): "the job names no artefacts"}


def test_an_artefact_named_twice_goes_once() -> None:
    assert len(chosen("all", job("1", ARTEFACT, ARTEFACT)).going) == 1


def test_of_two_jobs_with_one_name_the_later_goes() -> None:
    choice = chosen("all", job("99"), job("100"))
    assert going(choice) == [("100", ARTEFACT)]
    assert left(choice) == {("99", ARTEFACT): "job 100 made one of the same name"}


def test_a_name_without_timestamp_goes_only_with_all() -> None:
    assert going(chosen("all", job("1", "a.tar.gz"))) == [("1", "a.tar.gz")]
    choice = chosen("latest", job("1", "a.tar.gz"))
    assert choice.going == ()
    assert "no timestamp" in left(choice)["1", "a.tar.gz"]


def test_a_hostile_name_is_left_out_and_shown_harmlessly() -> None:
    choice = chosen("all", job("1", "eessi-x;touch pwned-1.tar.gz", "|x|`@all`-1.tar.gz", ARTEFACT))
    assert going(choice) == [("1", ARTEFACT)]
    assert [row.artefact for row in choice.left] == ["eessi-x?touch?pwned-1.tar.gz", "?x???all?-1.tar.gz"]
    assert {row.outcome for row in choice.left} == {Outcome.LEFT_OUT}


def test_every_artefact_is_either_taken_or_told_why_not() -> None:
    jobs = (*JOBS, job("4", "a-1.tar.gz", succeeded=False), job("5", "../x", "y-1.tar.gz", commit=OTHER_COMMIT))
    for policy in ("all", "latest", "once", "none"):
        choice = chosen(policy, *jobs)
        assert len(choice.going) + len(choice.left) == sum(len(one.artefacts) for one in jobs)
        assert all(row.reason for row in choice.left)
        assert all(one.job.commit == COMMIT for one in choice.going)
