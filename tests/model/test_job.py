from __future__ import annotations

import dataclasses

from headgate.model.job import ArrayPlace, Attempt, HetPlace, QueuedJob
from headgate.model.states import JobState

JOB = QueuedJob(
    attempt=Attempt("c", 7, 1_700_000_000),
    state=JobState.PENDING,
    completing=False,
    user="ada",
    uid=1001,
    name="job",
    account="physics",
    partition="main",
    qos="normal",
    reason="Priority",
)


def test_label_is_the_id_as_users_write_it() -> None:
    assert JOB.label == "7"
    assert dataclasses.replace(JOB, array=ArrayPlace(3, 4)).label == "3_4"
    assert dataclasses.replace(JOB, array=ArrayPlace(3, None, "4-9%2")).label == "3_*"
    assert dataclasses.replace(JOB, het=HetPlace(6, 1)).label == "6+1"


def test_attempt_is_another_one_after_a_requeue_on_another_cluster_and_for_another_job() -> None:
    attempts = [
        Attempt("c", 7, 1_700_000_000),
        Attempt("c", 7, 1_700_000_001),
        Attempt("d", 7, 1_700_000_000),
        Attempt("c", 8, 1_700_000_000),
    ]
    assert len({attempt.key for attempt in attempts}) == 4
    assert attempts[0] < attempts[1]
