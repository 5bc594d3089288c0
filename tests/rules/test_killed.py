"""``kill -9`` in the middle of executions: every step is done, and none twice that must not be."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from headgate.actions.caller import on_command_line
from headgate.events.journal import Journal
from headgate.model.event import Event, EventKind, Source
from headgate.rules.approval import Decision, decide
from headgate.store import cursors, executions
from headgate.store.executions import Execution, ExecutionFilter
from headgate.store.migrate import migrate
from headgate.store.store import Store

RULE = """\
name: r
enabled: true
trigger: {type: job.suspended}
action: {ref: write.again, parameters: {word: "one {{ trigger.subject }}"}}
headgate:
  steps:
    - {name: two, ref: write.once, parameters: {word: "two {{ trigger.subject }}"}}
    - {name: three, ref: write.again, parameters: {word: "three {{ trigger.subject }}"}}
"""


class Place:
    """A store with events, rules, and a process that follows them."""

    def __init__(self, url: str, tmp_path: Path, events: int) -> None:
        self.store = Store(url, pool=2)
        self.log = tmp_path / "log"
        self.log.touch()
        self._url = url
        self._rules = tmp_path / "rules.d"
        self._rules.mkdir()
        (self._rules / "r.yaml").write_text(RULE)
        migrate(self.store)
        self.store.write_now(lambda connection: cursors.advance(connection, "rules", 0.0))
        facts = [
            Event(f"k{number}", EventKind.JOB_SUSPENDED, time.time(), f"job {number}", Source.WATCHER, "alpha")
            for number in range(1, events + 1)
        ]
        self.store.write_now(lambda connection: Journal().append(connection, facts))

    def start(self, dies: str = "never") -> subprocess.Popen[bytes]:
        """Start the process."""
        program = Path(__file__).with_name("killed.py")
        command = [sys.executable, str(program), self._url, str(self._rules), str(self.log), dies]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def run(self, dies: str = "never") -> int:
        """Run the process to its end."""
        process = self.start(dies)
        _, errors = process.communicate(timeout=200)
        assert process.returncode in {0, -signal.SIGKILL}, errors.decode()[-3000:]
        return process.returncode

    def approve(self, number: int) -> None:
        """Have a step done again in whose middle the process was killed."""
        ada, now = on_command_line("ada"), time.time()
        self.store.write_now(lambda connection: decide(connection, number, Decision.APPROVE, ada, now))

    def lines(self) -> list[str]:
        """Return what the actions wrote."""
        return self.log.read_text().splitlines()

    def all(self) -> list[Execution]:
        """Return all executions."""
        return self.store.read_now(lambda connection: executions.find(connection, ExecutionFilter(), limit=100))


def test_each_step_is_done_and_none_twice_that_is_not_to_be(store_url: str, tmp_path: Path) -> None:
    place = Place(store_url, tmp_path, 3)
    repeated, unsure = ["begin one job 1", "end three job 1"], ["begin two job 2", "end two job 3"]
    for dies in (repeated[0], *unsure, repeated[1]):
        assert place.run(dies) == -signal.SIGKILL, dies
    assert place.run() == 0
    lines = place.lines()
    assert [lines.count(line) for line in (*repeated, *unsure)] == [2, 2, 1, 1]
    assert [(one.subject, one.state.value, one.step) for one in place.all()] == [
        ("job 1", "done", "three"),
        ("job 2", "asking", "two"),
        ("job 3", "asking", "two"),
    ]
    for one in place.all()[1:]:
        place.approve(one.id)
    assert place.run() == 0
    lines = place.lines()
    assert [lines.count(line) for line in unsure] == [2, 2]
    assert {f"end {word} job {job}" for word in ("one", "two", "three") for job in (1, 2, 3)} <= set(lines)
    assert [one.state.value for one in place.all()] == ["done"] * 3
    place.store.close()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [5, 6])
def test_killed_at_any_moment_nothing_is_lost_and_nothing_done_twice_that_must_not_be(
    store_url: str, tmp_path: Path, seed: int
) -> None:
    place = Place(store_url, tmp_path, 12)
    chance, killed = random.Random(seed), 0
    for _ in range(4):
        process, before = place.start(), len(place.lines())
        wanted = before + chance.randrange(1, 9)
        while process.poll() is None and len(place.lines()) < wanted:
            time.sleep(0.001)
        process.kill()
        process.communicate()
        killed += process.returncode == -signal.SIGKILL
    assert killed > 0
    assert place.run() == 0
    lines, asking = place.lines(), []
    for one in place.all():
        assert one.state.value in {"done", "asking"}
        assert f"end one {one.subject}" in lines
        assert (f"end three {one.subject}" in lines) == (one.state.value == "done")
        # Killed between writing that it begins and beginning it, nobody knows whether it was done: it asks, too.
        assert lines.count(f"begin two {one.subject}") in ({1} if one.state.value == "done" else {0, 1})
        if one.state.value == "asking":
            asking.append(one.id)
    assert len(place.all()) == 12
    for number in asking:
        place.approve(number)
    assert place.run() == 0
    assert [one.state.value for one in place.all()] == ["done"] * 12
    assert {f"end {word} job {job}" for word in ("one", "two", "three") for job in range(1, 13)} <= set(place.lines())
    place.store.close()
