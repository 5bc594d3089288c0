"""Jobs as slurmrestd takes them become jobs as apps ask for them; what has no counterpart is refused."""

from __future__ import annotations

from typing import Any

import pytest

from headgate.gateway.refusals import BadRequestError
from headgate.gateway.request import JobRequest
from headgate.gateway.tasks.raw import files_of, request_of

SCRIPT = "#!/bin/bash\n#SBATCH --hold\n\nhostname\n"


def test_numbers_and_variables_come_in_either_form() -> None:
    old = {"time_limit": 90, "memory_per_node": 100, "environment": {"PATH": "/bin"}, "nodes": [1, 2]}
    new = {
        "time_limit": {"set": True, "infinite": False, "number": 90},
        "memory_per_node": {"set": True, "number": 100},
        "environment": ["PATH=/bin"],
        "nodes": "1-2",
    }
    expected = {
        "script": SCRIPT, "time": "90", "memory": "100M", "environment": {"PATH": "/bin"}, "nodes": "1-2",
    }  # fmt: skip
    assert request_of(SCRIPT, old) == request_of(SCRIPT, new) == expected
    assert JobRequest.model_validate(expected).options() == {"time": "90", "memory": "100M", "nodes": "1-2"}


def test_the_script_may_belong_to_the_job() -> None:
    assert request_of(None, {"script": SCRIPT, "name": "x"})["job_name"] == "x"


def test_a_directory_is_entered_after_what_sbatch_reads() -> None:
    asked = request_of(SCRIPT, {"current_working_directory": "/a b"})
    assert asked["script"] == "#!/bin/bash\n#SBATCH --hold\n\ncd -- '/a b' || exit 1\nhostname\n"


@pytest.mark.parametrize(
    "job",
    [{"user_id": 0}, {"priority": 1}, {"environment": "A=b"}, {"current_working_directory": "x"}, {"unknown": 1}],
)
def test_what_has_no_counterpart_is_refused(job: dict[str, Any]) -> None:
    with pytest.raises(BadRequestError):
        request_of(SCRIPT, job)


def test_a_job_without_a_script_is_refused() -> None:
    with pytest.raises(BadRequestError):
        request_of(None, {})


@pytest.mark.parametrize("path", ["x", "/a/../b", 7])
def test_files_are_absolute_paths(path: Any) -> None:
    with pytest.raises(BadRequestError):
        files_of({"standard_output": path})
    assert files_of({"standard_error": "/a/b"}) == {"error": "/a/b"}
