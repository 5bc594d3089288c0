"""How much slurmctld has left to tell slurmdbd, as sdiag prints it."""

from __future__ import annotations

import pytest

from headgate.slurm.commands import sdiag

HEAD = """\
*******************************************************
sdiag output at Sun Nov 29 18:36:08 2026 (1795977368)
Data since      Thu Jan 01 00:00:00 1970 (0)
*******************************************************
Server thread count:  3
Agent queue size:     5
Agent count:          0
Agent thread count:   0
"""


@pytest.mark.parametrize(
    ("line", "backlog"),
    [
        ("DBD Agent queue size: 0", 0),
        ("DBD Agent queue size: 1234", 1234),
        ("DBD Agent queue size: many", None),
        ("", None),
    ],
)
def test_the_backlog_is_that_of_the_agent_for_slurmdbd(line: str, backlog: int | None) -> None:
    assert sdiag.parse_backlog(f"{HEAD}{line}\n\nJobs submitted: 7\n") == backlog
