from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.testing.cluster.process import is_alive
from scripts.demo.place import AtWorkError, DemoError, Place


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place("demo", tmp_path / "here")
    place.make()
    place.clear()
    yield place
    for name in place.processes():
        place.stop(name)


def test_a_process_that_was_started_is_known_to_the_next_run_and_ended_by_it(place: Place) -> None:
    process = place.start("sleeper", ["/bin/sleep", "600"], {})
    later = Place("demo", place.directory)
    assert later.processes() == {"sleeper": process}
    assert later.stop("sleeper")
    assert not is_alive(process)
    assert later.processes() == {}
    assert not later.stop("sleeper")


def test_a_process_that_only_has_the_same_number_is_left_alone(place: Place) -> None:
    process = place.start("sleeper", ["/bin/sleep", "600"], {})
    record = place.directory / "processes.json"
    kept = record.read_text()
    record.write_text(kept.replace(str(process.started), str(process.started - 1)))
    assert not place.stop("sleeper")
    assert is_alive(process)
    record.write_text(kept)


def test_processes_of_an_earlier_boot_are_forgotten(place: Place) -> None:
    record = place.directory / "processes.json"
    record.write_text(json.dumps({"boot": "another", "processes": {"service": {"pid": 1, "started": 1}}}))
    assert place.processes() == {}


def test_clearing_keeps_the_record_of_processes(place: Place) -> None:
    process = place.start("sleeper", ["/bin/sleep", "600"], {})
    place.store.mkdir()
    place.clear()
    assert not place.store.exists()
    assert place.processes() == {"sleeper": process}


def test_two_runs_do_not_share_a_directory(place: Place) -> None:
    with place.alone(), pytest.raises(AtWorkError), Place("demo", place.directory).alone():
        pass
    with place.alone():
        pass


def test_a_directory_that_others_may_write_to_is_refused(place: Place) -> None:
    place.directory.chmod(0o777)
    with pytest.raises(DemoError):
        place.make()


def test_a_failure_shows_the_end_of_the_log(place: Place) -> None:
    place.log("service").write_text("".join(f"line {number}\n" for number in range(40)))
    message = place.failed("service", "the service has ended.").message
    assert message.startswith("the service has ended.\n")
    assert message.endswith("  line 38\n  line 39")
    assert "line 20\n" not in message
