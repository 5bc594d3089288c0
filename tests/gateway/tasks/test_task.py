"""A task is what slurm-proxy's documentation says one is; what is none is refused, by the name of its field."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from headgate.gateway.tasks.task import MonitoredTask, Task

DOCUMENTED: dict[str, Any] = {
    "dirs": {
        "parent": "/home/someone/hello",
        "error": "/home/someone/hello/error",
        "input": "/home/someone/hello/input",
        "output": "/home/someone/hello/output",
    },
    "slurm": {
        "cpus_per_task": 1,
        "error": "hello.error.txt",
        "job_name": "slurm-proxy.hello_world",
        "mem": 1000,
        "nodes": 1,
        "ntasks_per_node": 1,
        "output": "hello.output.txt",
        "partition": "hpcz-test",
        "time": 5,
        "environment": "PATH=/bin/:/usr/bin/:/sbin/",
    },
    "name": "generic",
    "cmd": "echo",
    "params": ["-e", '"hello, world! (ran $SLURM_JOB_ID for $SLURM_JOB_USER at `date`)"'],
    "notification": {
        "methods": ["email"],
        "params": {
            "email": {
                "sender": "administrator@example.com",
                "recipient": "someone@example.com",
                "subject": "Generic task completed",
                "body": "Generic task has completed successfully.",
            }
        },
    },
    "uuid": "123e4567-e89b-12d3-a456-426614174000",
    "username": "someone",
    "cwd": "/home/someone",
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The documented task with one field changed."""
    *above, last = path.split(".")
    task: dict[str, Any] = {**DOCUMENTED}
    here = task
    for key in above:
        here[key] = {**here[key]}
        here = here[key]
    here[last] = value
    return task


def test_the_documented_task_is_one() -> None:
    task = Task.model_validate(DOCUMENTED)
    assert (task.name, task.username, task.slurm.mem, task.dirs.parent) == (
        "generic", "someone", 1000, "/home/someone/hello",
    )  # fmt: skip


def test_directories_may_be_said_from_their_parent() -> None:
    task = Task.model_validate({**DOCUMENTED, "cwd": "work", "dirs": {"parent": "/home/someone/x/", "output": "out/1"}})
    assert task.dirs.whole(task.cwd) == "/home/someone/x/work"
    assert task.dirs.whole(task.dirs.output) == "/home/someone/x/out/1"
    assert task.dirs.whole(task.dirs.error) == task.dirs.parent == "/home/someone/x"
    assert task.dirs.whole("/elsewhere") == "/elsewhere"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("surprise", 1),
        ("slurm.surprise", 1),
        ("dirs.surprise", "/x"),
        ("notification.surprise", 1),
        ("name", ""),
        ("username", "--uid=0"),
        ("username", "a b"),
        ("uuid", "../x"),
        ("cwd", "/home/../etc"),
        ("cwd", "../x"),
        ("cwd", ""),
        ("cwd", "/a\nb"),
        ("dirs.parent", "relative"),
        ("dirs.parent", "/"),
        ("dirs.parent", "/a/../b"),
        ("dirs.output", "a/../../b"),
        ("slurm.output", "../../x"),
        ("slurm.output", "/etc/passwd"),
        ("slurm.error", "a\nb"),
        ("slurm.time", 0),
        ("slurm.time", float("inf")),
        ("slurm.time", "soon"),
        ("slurm.mem", -1),
        ("slurm.mem", 1.5),
        ("slurm.nodes", 0),
        ("slurm.partition", "a\nb"),
        ("params", ["a\0b"]),
        ("params", "text"),
        ("params", [{}]),
        ("notification.methods", "email"),
        ("notification.params", {"email": "ada@example.org"}),
    ],
)
def test_what_is_no_task_is_refused_by_the_name_of_its_field(path: str, value: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        Task.model_validate(changed(path, value))
    assert tuple(path.split(".")) == refused.value.errors()[0]["loc"][: path.count(".") + 1]


@pytest.mark.parametrize("field", ["name", "username", "cwd", "uuid", "slurm", "dirs"])
def test_what_is_required_has_to_be_there(field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        Task.model_validate({key: value for key, value in DOCUMENTED.items() if key != field})


def test_a_job_from_elsewhere_needs_an_owner_and_an_id_and_may_say_more() -> None:
    task = MonitoredTask.model_validate({"username": "ada", "uuid": "u", "anything": {"else": 1}})
    assert task.model_dump()["anything"] == {"else": 1}
    with pytest.raises(ValidationError):
        MonitoredTask.model_validate({"username": "ada"})
