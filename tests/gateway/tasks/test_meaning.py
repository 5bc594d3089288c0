"""What a task means to sbatch: its script, options, variables, files and directories, in Slurm's units."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.config.gateway import TaskType
from headgate.executor.headgate_verbs import SUBMIT_OPTIONS, among
from headgate.gateway.refusals import BadRequestError
from headgate.gateway.request import JobRequest
from headgate.gateway.script import expanded
from headgate.gateway.tasks import meaning
from headgate.gateway.tasks.task import Task

_SRUN = '#!/bin/sh\n[ "$1" = -- ] && shift\nexec "$@"\n'
words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)


def task(**more: Any) -> Task:
    given: dict[str, Any] = {
        "name": "generic", "username": "ada", "uuid": "u-1", "cwd": "/usr", "cmd": "/bin/echo",
        "dirs": {"parent": "/home/ada/x"}, "slurm": {},
    }  # fmt: skip
    return Task.model_validate({**given, **more})


def slurm(**own: Any) -> dict[str, str | int]:
    return meaning.options_of(task(slurm=own))


@pytest.fixture(scope="module")
def bin_(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with an ``srun`` that runs its command here."""
    directory = tmp_path_factory.mktemp("bin")
    (directory / "srun").write_text(_SRUN)
    (directory / "srun").chmod(0o755)
    return directory


def run(script: str, bin_: Path) -> subprocess.CompletedProcess[bytes]:
    command = ["/bin/bash", "-s"]
    env = {"PATH": f"{bin_}:/usr/bin:/bin"}
    return subprocess.run(command, input=script.encode(), env=env, capture_output=True, check=False)


@settings(max_examples=60, deadline=None)
@given(own=st.lists(words | st.integers(), max_size=4), default=st.lists(words, max_size=3))
def test_every_parameter_reaches_the_command_as_it_is(own: list[str | int], default: list[str], bin_: Path) -> None:
    kind = TaskType(cmd="/usr/bin/printf", default_params=("%s\\0", *default))
    done = run(meaning.script_of(task(params=own), kind), bin_)
    expected = [*default, *(str(one) for one in own)] or [""]
    assert done.stdout == b"".join(one.encode() + b"\0" for one in expected), done.stderr


@pytest.mark.parametrize("name", ["it's", 'a "b"', "$(touch x)", "; exit 3", "a b"])
def test_the_command_and_its_directory_are_quoted_too(name: str, tmp_path: Path, bin_: Path) -> None:
    directory = tmp_path / name
    directory.mkdir()
    (directory / name).write_text("#!/bin/sh\npwd\n")
    (directory / name).chmod(0o755)
    made = task(cmd=f"./{name}", cwd=name, dirs={"parent": str(tmp_path)})
    done = run(meaning.script_of(made, TaskType()), bin_)
    assert done.stdout.decode() == f"{directory}\n", done.stderr


def test_the_kinds_that_are_shipped_are_known_and_a_site_may_set_them_otherwise() -> None:
    assert meaning.kind_of(task(), {}) is meaning.SHIPPED["generic"]
    assert meaning.kind_of(task(name="echo_hello_world"), {}).cmd == "/bin/echo"
    own = TaskType(cmd="/opt/align")
    assert meaning.kind_of(task(name="align"), {"align": own}) is own
    assert meaning.kind_of(task(name="generic"), {"generic": own}) is own


def test_a_kind_that_is_not_known_is_refused_with_those_that_are() -> None:
    with pytest.raises(BadRequestError, match="'no_such'; there are: align, echo_hello_world, generic"):
        meaning.kind_of(task(name="no_such"), {"align": TaskType()})


@pytest.mark.parametrize("command", [None, ""])
def test_a_generic_task_needs_a_command(command: str | None) -> None:
    with pytest.raises(BadRequestError, match="cmd"):
        meaning.kind_of(task(cmd=command), {})


def test_a_kinds_own_command_counts_and_a_task_cannot_replace_it() -> None:
    script = meaning.script_of(task(cmd="/bin/rm"), TaskType(cmd="/opt/align"))
    assert "/opt/align" in script
    assert "/bin/rm" not in script


@pytest.mark.parametrize(
    ("hours", "minutes"), [(5, "300"), (0.5, "30"), (1 / 60, "1"), (0.001, "1"), (31 / 60, "31"), (1.001, "61")]
)
def test_time_is_in_hours_and_slurms_in_minutes(hours: float, minutes: str) -> None:
    assert slurm(time=hours)["time"] == minutes


@given(st.integers(1, 24 * 366 * 60))
def test_whole_minutes_stay_as_many(minutes: int) -> None:
    assert slurm(time=minutes / 60)["time"] == str(minutes)


@pytest.mark.parametrize(
    ("own", "each"),
    [({"mem": 1000}, "1000M"), ({"mem": 1000, "nodes": 1}, "1000M"), ({"mem": 1000, "nodes": 3}, "334M")],
)
def test_memory_is_of_the_job_and_slurms_of_each_node(own: dict[str, int], each: str) -> None:
    assert slurm(**own)["memory"] == each


def test_cpus_do_not_multiply_the_memory() -> None:
    assert slurm(mem=1000, cpus_per_task=8) == {
        "job_name": "generic-u-1", "cpus_per_task": 8, "memory": "1000M",
    }  # fmt: skip


def test_what_slurm_is_told_is_what_the_executor_takes() -> None:
    own = {
        "partition": "main", "account": "lab", "qos": "short", "cpus_per_task": 2, "nodes": 2, "ntasks_per_node": 3,
        "mem": 10, "time": 1.5, "job_name": "a name",
    }  # fmt: skip
    options = slurm(**own)
    assert among(SUBMIT_OPTIONS)(options) == [
        "--job-name=a name", "--partition=main", "--account=lab", "--qos=short", "--cpus-per-task=2", "--nodes=2",
        "--ntasks-per-node=3", "--mem=5M", "--time=90",
    ]  # fmt: skip
    assert JobRequest.model_validate({"script": "x", **options}).options() == options


def test_directories_are_made_once_each_the_parent_first() -> None:
    made = task(
        cwd="work", dirs={"parent": "/p", "input": "/p/in", "output": "out", "error": "/p/out"},
    )  # fmt: skip
    assert meaning.directories_of(made) == ["/p", "/p/in", "/p/out", "/p/work"]
    assert meaning.directories_of(task(cwd="/p", dirs={"parent": "/p/"})) == ["/p"]


def test_files_lie_in_their_directories() -> None:
    made = task(dirs={"parent": "/p", "output": "out"}, slurm={"output": "o.txt", "error": "sub/e.txt"})
    assert meaning.files_of(made) == {"output": "/p/out/o.txt", "error": "/p/sub/e.txt"}


@pytest.mark.parametrize(
    ("name", "path"),
    [("o-%j.txt", "/p/100%j/o-7.txt"), ("50%.txt", "/p/100%j/50%.txt"), ("%t", "/p/100%j/%t"), ("%N", "/p/100%j/%N")],
)
def test_patterns_are_of_job_ids_only_and_never_in_directories(name: str, path: str) -> None:
    pattern = meaning.files_of(task(dirs={"parent": "/p/100%j"}, slurm={"output": name}))["output"]
    assert expanded(pattern, job_id=7, name="n", user="ada", array_id=None, task=None) == path


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        (None, {}),
        ("", {}),
        ("PATH=/bin/:/usr/bin/:/sbin/", {"PATH": "/bin/:/usr/bin/:/sbin/"}),
        ("A=1,B=2", {"A": "1", "B": "2"}),
        ("A=1\nB=x, y\n", {"A": "1", "B": "x, y"}),
        ("A=b=c", {"A": "b=c"}),
        ("A=", {"A": ""}),
        ({"A": "1,B=2"}, {"A": "1,B=2"}),
    ],
)
def test_variables_come_in_one_text_or_as_an_object(text: Any, variables: dict[str, str]) -> None:
    assert meaning.variables_of(task(slurm={"environment": text})) == variables


@pytest.mark.parametrize(
    "text", ["PATH", "A=1\nB", "1A=2", {"a-b": "1"}, {"SLURM_CONF": "/x"}, "SBATCH_UID=0", {"A": "a\0b"}]
)
def test_what_is_no_variable_is_refused(text: Any) -> None:
    with pytest.raises(BadRequestError, match=r"slurm\.environment"):
        meaning.variables_of(task(slurm={"environment": text}))
