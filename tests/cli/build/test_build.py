"""``headgate build``: what it shows, and what it asks of the running service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from headgate.cli.main import headgate
from headgate.events.journal import Journal
from headgate.model.build import BuildJob, JobPhase
from headgate.model.event import JSON, Event, EventKind, Source
from headgate.store import build_rows, builds
from headgate.store.builds import JobFilter
from headgate.store.migrate import migrate
from headgate.store.store import Store
from tests.store.test_builds import JOB, REQUEST, RUN, Row


class Place:
    """A store with two jobs, and the commands on it."""

    def __init__(self, directory: Path) -> None:
        self.config = directory / "headgate.toml"
        self.config.write_text(f'[store]\nurl = "sqlite:///{directory}/headgate.db"\n')
        self.store = Store(f"sqlite:///{directory}/headgate.db")
        migrate(self.store)
        path = "2026.11/org/a/pr_7/event_e/run_000"
        over = replace(JOB, path=f"{path}/x/site", phase=JobPhase.DONE, job_id=4711, result={"status": "FAILURE"})
        runs = replace(JOB, path=f"{path}/y/site", phase=JobPhase.RUNNING, job_id=4712)

        def work(connection: object) -> None:
            number = builds.add_request(connection, REQUEST)  # type: ignore[arg-type]
            builds.add_run(connection, replace(RUN, request_id=number or 1, path=path), [over, runs])  # type: ignore[arg-type]
            build_rows.add(connection, 1, "k", Row())  # type: ignore[arg-type]

        self.store.write_now(work)

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(headgate, ["-c", str(self.config), "build", *words])

    def jobs(self) -> list[BuildJob]:
        return self.store.read_now(lambda c: builds.find_jobs(c, JobFilter(), limit=10))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.store.close()


def test_jobs_are_listed(place: Place) -> None:
    shown = place.run("list").output
    assert "hub:org/a#7" in shown
    assert "FAILURE" in shown
    [one] = json.loads(place.run("list", "--open", "--json").output)
    assert (one["job_id"], one["phase"], one["repository"]) == (4712, "running", "org/a")
    assert place.run("list", "--repository", "org/none").output == "No such builds.\n"


def test_a_job_is_shown_with_its_rows(place: Place) -> None:
    shown = place.run("show", "1").output
    assert "/jobs/2026.11/org/a/pr_7/event_e/run_000/x/site" in shown
    assert "running: it runs (not written yet)" in shown
    assert json.loads(place.run("show", "1", "--json").output)["rows"][0]["status"] == "running"
    assert place.run("show", "99").exit_code != 0


def test_a_job_is_cancelled_unless_it_is_over(place: Place) -> None:
    assert place.run("cancel", "2").exit_code == 0
    assert place.jobs()[1].cancelled_by
    assert place.run("cancel", "1").exit_code != 0


def test_a_job_that_is_over_is_made_again_in_a_directory_of_its_own(place: Place) -> None:
    assert place.run("retry", "1").output == "build job 3 makes it again\n"
    again = place.jobs()[2]
    assert (again.phase, again.commit, again.job_id) == (JobPhase.PLANNED, JOB.commit, None)
    assert "/event_e/run_001/" in again.path
    assert place.run("retry", "2").exit_code != 0


def test_an_event_is_done_again(place: Place) -> None:
    data: dict[str, JSON] = {"forge": "hub", "repository": "org/a", "number": 7, "comment_id": 5, "body": "bot: help"}
    fact = Event("pr", EventKind.PULL_REQUEST_COMMENT, 1.0, "pull request hub:org/a#7", Source.WEBHOOK, data=data)
    other = Event("job", EventKind.JOB_ENDED, 1.0, "job 1", Source.WATCHER)
    place.store.write_now(lambda c: Journal().append(c, [fact, other]))
    assert place.run("replay", "1").exit_code == 0
    requests = place.store.read_now(lambda c: builds.find_requests(c, 10))
    assert [one.event_id for one in requests] == [None, 1]
    assert place.run("replay", "2").exit_code != 0
    assert place.run("replay", "99").exit_code != 0
