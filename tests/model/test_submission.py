"""What a submission says of itself."""

from __future__ import annotations

import pytest

from headgate.model.submission import Hook, Phase
from tests.gateway.made import submission


def test_only_what_slurm_has_or_may_have_is_started() -> None:
    assert {phase for phase in Phase if phase.started} == {Phase.SUBMITTING, Phase.ACTIVE}


@pytest.mark.parametrize(
    ("phase", "state", "failed"),
    [
        (Phase.ENDED, "FAILED", True),
        (Phase.ENDED, "OUT_OF_MEMORY", True),
        (Phase.ENDED, "CANCELLED", False),
        (Phase.ENDED, "COMPLETED", False),
        (Phase.ACTIVE, "RUNNING", False),
        (Phase.ENDED, None, False),
    ],
)
def test_it_failed_when_it_is_over_and_its_state_is_a_failure(phase: Phase, state: str | None, *, failed: bool) -> None:
    assert submission(phase=phase, state=state).failed is failed


@pytest.mark.parametrize(
    ("kinds", "kind", "user", "wants"),
    [
        ((), "job.started", "ada", True),
        (("job.ended",), "job.started", "ada", False),
        (("job.*",), "job.started", "ada", True),
        ((), "job.started", "ben", False),
    ],
)
def test_a_hook_wants_its_kinds_of_its_user(kinds: tuple[str, ...], kind: str, user: str, *, wants: bool) -> None:
    hook = Hook("h", "a", "ada", "https://x.example.org/", "secret-of-sixteen", kinds)
    assert hook.wants(kind, user) is wants
    assert "secret-of" not in repr(hook)
    assert "example.org" not in repr(hook)
