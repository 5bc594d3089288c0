"""What pages make of builds' texts, states and addresses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.config.builds import BuildSettings
from headgate.model.build import BuildRow, JobPhase
from headgate.model.pull_request import Repository
from headgate.web.pages.builds.shown import Piece, is_deployable, pieces, pull_request_url, state_of, web_url
from tests.store.test_builds import JOB


def row(text: str) -> BuildRow:
    return BuildRow(1, 1, "k", "finished", text, 1.0, written=True)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("job id `4711` was cancelled", [Piece("job id 4711 was cancelled")]),
        (":cry: FAILURE<br/>Slurm: **TIMEOUT**: more", [Piece("FAILURE\nSlurm: TIMEOUT: more")]),
        (
            "x<details><summary>the &#60;log&#62;</summary><pre>a<br/>`b` &#60;i&#62;</pre></details>y",
            [Piece("x"), Piece("a\n`b` <i>", "the <log>"), Piece("y")],
        ),
        ("<details><summary>open", [Piece("open")]),
        ("@\u200bann", [Piece("@ann")]),
        ("", []),
    ],
)
def test_rows_are_text(text: str, shown: list[Piece]) -> None:
    assert pieces(row(text)) == shown


@given(st.text(alphabet="<>/detailssummarypre&;#6*`ab ", max_size=300))
def test_any_row_is_text(text: str) -> None:
    assert all(piece.text for piece in pieces(row(text)))


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({"phase": JobPhase.PLANNED}, "planned"),
        ({"phase": JobPhase.RUNNING, "cancelled_by": "ann"}, "being cancelled"),
        ({"phase": JobPhase.REFUSED}, "refused"),
        ({"phase": JobPhase.DONE}, "UNKNOWN"),
        ({"phase": JobPhase.DONE, "result": {"status": "SUCCESS", "test": "SUCCESS"}}, "SUCCESS"),
        ({"phase": JobPhase.DONE, "result": {"status": "SUCCESS", "test": "FAILURE"}}, "tests failed"),
        ({"phase": JobPhase.DONE, "result": {"status": "SUCCESS"}, "cancelled_by": "ann"}, "SUCCESS"),
        ({"phase": JobPhase.DONE, "result": {"status": "FAILURE"}, "cancelled_by": "ann"}, "cancelled"),
    ],
)
def test_a_job_stands_so(changed: dict[str, Any], state: str) -> None:
    assert state_of(replace(JOB, **changed)) == state


def test_only_what_left_something_good_is_deployed() -> None:
    done = replace(JOB, phase=JobPhase.DONE, result={"status": "SUCCESS", "artefacts": ["a"]})
    assert is_deployable(done)
    assert not is_deployable(replace(done, phase=JobPhase.ENDED))
    assert not is_deployable(replace(done, result={"status": "SUCCESS", "artefacts": []}))
    assert not is_deployable(replace(done, result={"status": "SUCCESS", "test": "FAILURE", "artefacts": ["a"]}))


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("https://forge.example.org/a/b#c", True),
        ("http://10.0.0.1/x", True),
        ("javascript:alert(1)", False),
        ("//evil.example.org", False),
        ("https:///x", False),
        ("https://a b/", False),
        ("https://[::1", False),
        ("data:text/html,x", False),
        ("https://a/\n", False),
        ("", False),
    ],
)
def test_only_addresses_of_the_web_are_linked(text: str, fine: bool) -> None:
    assert web_url(text) == (text if fine else "")


def test_a_pull_request_is_found_at_its_forge() -> None:
    hub = {"kind": "github", "app_id": 1, "private_key": "/k", "webhook_secret": "s"}
    lab = {"kind": "gitlab", "url": "https://lab.example.org/", "token": "t", "webhook_secret": "s"}
    settings = BuildSettings.model_validate({"forges": {"hub": hub, "lab": lab}})
    assert pull_request_url(settings, Repository("hub", "o/n"), 7) == "https://github.com/o/n/pull/7"
    url = pull_request_url(settings, Repository("lab", "g/s/n"), 8)
    assert url == "https://lab.example.org/g/s/n/-/merge_requests/8"
    assert pull_request_url(settings, Repository("gone", "o/n"), 7) == ""
    assert "<" not in pull_request_url(settings, Repository("hub", 'o/"><b'), 7)
