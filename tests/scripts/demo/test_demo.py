"""A demonstration that does not come to its end. How it plays to the end: tests/docs/test_tutorials.py."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.scripts.demo.playing import Demo, own_demo


@pytest.fixture
def demo() -> Iterator[Demo]:
    with own_demo() as made:
        yield made


@pytest.mark.slurm
@pytest.mark.slow
def test_an_interrupted_demonstration_says_how_to_end_it_and_can_be_ended(demo: Demo) -> None:
    with demo.start() as playing:
        assert playing.stdout is not None
        for line in playing.stdout:
            if "sbatch" in line:
                break
        playing.send_signal(signal.SIGINT)
        _, errors = playing.communicate()
    assert playing.returncode == 130
    assert f"./dev demo --stop --name {demo.place.name}" in errors
    assert demo.runs()
    assert demo.run("--stop").returncode == 0
    assert not demo.runs()


@pytest.mark.slurm
@pytest.mark.slow
def test_a_service_that_ends_by_itself_is_told_with_the_end_of_its_log(demo: Demo) -> None:
    with demo.start() as playing:
        assert playing.stdout is not None
        for line in playing.stdout:
            if "sbatch" in line:
                break
        assert demo.place.stop("headgate")
        _, errors = playing.communicate()
    assert playing.returncode == 1
    assert "headgate has ended by itself." in errors
    assert "service.stopping" in errors
