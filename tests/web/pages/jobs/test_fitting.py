from __future__ import annotations

import pytest

from headgate.model.change import Facts
from headgate.web.pages.jobs.fitting import unfit

WAITS: Facts = {"job_state": "PENDING", "state_reason": "Resources", "priority": 4294901700}
HELD: Facts = {"job_state": "PENDING", "state_reason": "JobHeldUser", "priority": 0}
KEPT: Facts = {"job_state": "PENDING", "state_reason": "JobHeldAdmin", "priority": 0}
FAILED_LAUNCH: Facts = {"job_state": "PENDING", "state_reason": "launch failed requeued held"}
RUNS: Facts = {"job_state": "RUNNING", "state_reason": "None", "requeue": True}
ONCE: Facts = {"job_state": "RUNNING", "state_reason": "None", "requeue": False}
OVER: Facts = {"job_state": "FAILED", "state_reason": "NonZeroExitCode", "requeue": True}


@pytest.mark.parametrize(
    ("order", "record", "why"),
    [
        ("hold", WAITS, ""),
        ("hold", HELD, "is held already"),
        ("hold", FAILED_LAUNCH, "is held already"),
        ("hold", RUNS, "does not wait any more"),
        ("release", WAITS, "is not held"),
        ("release", HELD, ""),
        ("release", FAILED_LAUNCH, ""),
        ("release", KEPT, "was held by an administrator, who alone can release it"),
        ("release", RUNS, "does not wait any more"),
        ("requeue", WAITS, "waits already"),
        ("requeue", RUNS, ""),
        ("requeue", OVER, ""),
        ("requeue", ONCE, "was submitted not to be requeued"),
        ("cancel", KEPT, ""),
    ],
)
def test_owners_are_told_why_something_makes_no_sense(order: str, record: Facts, why: str) -> None:
    assert unfit(order, [record], own=True) == why


def test_an_administrator_releases_what_an_administrator_held() -> None:
    assert unfit("release", [KEPT], own=False) == ""


def test_what_fits_one_task_of_an_array_fits_the_array() -> None:
    assert unfit("hold", [HELD, RUNS, WAITS], own=True) == ""
    assert unfit("release", [KEPT, HELD, OVER], own=True) == ""
    assert unfit("requeue", [ONCE, WAITS, RUNS], own=True) == ""


@pytest.mark.parametrize(("order", "state"), [("hold", "PENDING"), ("release", "PENDING"), ("requeue", "RUNNING")])
def test_what_is_not_known_keeps_nothing_from_being_tried(order: str, state: str) -> None:
    assert unfit(order, [{"job_state": state}], own=True) == ""
