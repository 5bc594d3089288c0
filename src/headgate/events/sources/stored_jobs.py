"""What the watcher remembers of jobs, to the store and back."""

from __future__ import annotations

from typing import cast

from headgate.events.sources.changes import KnownJob
from headgate.store.jobs import StoredJob


def stored_job(job: KnownJob) -> StoredJob:
    """Return what the store keeps of a job."""
    return StoredJob(attempt=job.attempt, open=job.open, data=job.data(), array_id=job.array_id)


def known_job(stored: StoredJob) -> KnownJob:
    """Return what the watcher remembers of an attempt."""
    data = cast("dict[str, str]", stored.data)
    return KnownJob(
        attempt=stored.attempt,
        label=data["label"],
        name=data["name"],
        user=data["user"],
        account=data["account"],
        partition=data["partition"],
        array_id=stored.array_id,
        state=data["state"],
        begun=bool(data["begun"]),
        reason=data.get("reason", ""),
        open=stored.open,
    )
