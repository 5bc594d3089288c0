from __future__ import annotations

from structlog.testing import capture_logs

from headgate.events.sources.health import Health


def test_failing_slurm_is_asked_less_and_less_often() -> None:
    health = Health("nodes", 10.0, 5.0)
    pauses = [health.pause()]
    for _ in range(12):
        health.failed("no")
        pauses.append(health.pause())
    assert pauses[:5] == [10.0, 10.0, 20.0, 40.0, 80.0]
    assert pauses[-1] == 300.0
    health.answered()
    assert health.pause() == 10.0


def test_slow_slurm_is_asked_less_often() -> None:
    health = Health("nodes", 10.0, 5.0)
    health.seconds = 6.0
    assert health.pause() == 60.0


def test_failure_is_told_once_and_its_end_too() -> None:
    health = Health("nodes", 10.0, 5.0)
    with capture_logs() as lines:
        for _ in range(3):
            health.failed("no")
        health.answered()
        health.answered()
    assert [line["event"] for line in lines] == ["nodes.failed", "nodes.answered_again"]
