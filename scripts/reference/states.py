"""States and reasons: of deliveries, and Slurm's of jobs."""

from __future__ import annotations

from headgate.model.delivery import DeliveryState, Reason
from headgate.model.states import JobFlag, JobState
from scripts.reference.markdown import code, doc, generated, member_notes, table

INTRODUCTION = """
Every state a delivery can be in, every reason that is ever recorded for a failure, and what Headgate makes of each of
Slurm's job states.
"""
JOBS = """
Terminal: the job is over and will not run again under the same submission. Failed: it is over and did not do what it
was asked. Active: it holds resources now.
"""


def page() -> str:
    """Return the page."""
    states, reasons = member_notes(DeliveryState), member_notes(Reason)
    jobs, flags = member_notes(JobState), member_notes(JobFlag)
    return generated(
        "States and reasons",
        INTRODUCTION,
        "## States of a delivery\n",
        table(
            ("State", "Still to be told", "Meaning"),
            [(code(one.value), _yes(one.open), states.get(one.name, "")) for one in DeliveryState],
        ),
        "## Reasons\n",
        f"{doc(Reason)}\n",
        table(("Reason", "Meaning"), [(code(one.value), reasons.get(one.name, "")) for one in Reason]),
        "## States of a job\n",
        JOBS,
        table(
            ("State", "Short", "Terminal", "Failed", "Active", "Meaning"),
            [
                (
                    code(one.text),
                    code(one.code),
                    _yes(one.terminal),
                    _yes(one.failed),
                    _yes(one.active),
                    jobs.get(one.name, ""),
                )
                for one in JobState
            ],
        ),
        "## Flags of a job\n",
        f"{doc(JobFlag)}\n",
        table(
            ("Flag", "Short", "Meaning"),
            [(code(one.name), code(one.value), flags.get(one.name, "")) for one in JobFlag],
        ),
    )


def _yes(value: bool) -> str:
    return "yes" if value else ""
