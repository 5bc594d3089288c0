"""A job as the API shows it, by what the watcher knows of its number."""

from __future__ import annotations

from typing import Any

from headgate.model.job import Attempt
from headgate.model.submission import Phase
from headgate.store.jobs import StoredJob
from headgate.web.api.bodies import SlurmJob
from headgate.web.api.showing import slurm_job
from tests.gateway.made import CLUSTER, submission


def shown(user: str, **more: Any) -> SlurmJob:
    data = {"user": user, "state": "PENDING", "account": "bio", "reason": "Priority"}
    slurm = slurm_job(submission("ada", job_id=7, **more), StoredJob(Attempt(CLUSTER, 7, 1000), open=True, data=data))
    assert slurm is not None
    return slurm


def test_what_the_watcher_knows_is_shown() -> None:
    slurm = shown("ada", phase=Phase.ACTIVE)
    assert (slurm.account, slurm.job_state, slurm.state_reason) == ("bio", "PENDING", "Priority")


def test_nothing_is_shown_of_somebody_elses_job_that_has_the_number_now() -> None:
    slurm = shown("ben", phase=Phase.ACTIVE)
    assert (slurm.account, slurm.job_state, slurm.state_reason) == ("", "PENDING", "None")


def test_how_a_job_ended_that_slurm_forgot_is_unknown() -> None:
    assert shown("ben", phase=Phase.ENDED).job_state == "UNKNOWN"
