"""Batch scripts of commands, and where sbatch's patterns lead."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headgate.gateway.script import command_script, expanded, named_files

_SRUN = '#!/bin/sh\n[ "$1" = -- ] && shift\nexec "$@"\n'
words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)


@pytest.fixture(scope="module")
def bin_(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with an ``srun`` that runs its command here."""
    directory = tmp_path_factory.mktemp("bin")
    (directory / "srun").write_text(_SRUN)
    (directory / "srun").chmod(0o755)
    return directory


def run(script: str, bin_: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["/bin/bash", "-s"],
        input=script.encode(),
        env={"PATH": f"{bin_}:/usr/bin:/bin"},
        capture_output=True,
        check=False,
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arguments=st.lists(words, max_size=5))
def test_every_argument_arrives_as_it_was_given(arguments: list[str], bin_: Path) -> None:
    done = run(command_script("/usr/bin/printf", ["%s\\0", *arguments]), bin_)
    assert done.stdout.decode() == "".join(f"{one}\0" for one in arguments or [""])


def test_a_directory_that_is_not_there_fails_the_job(bin_: Path) -> None:
    assert run(command_script("true", [], "/nowhere/it's"), bin_).returncode == 1
    assert run(command_script("pwd", [], "/"), bin_).stdout == b"/\n"


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("slurm-%j.out", "slurm-123.out"),
        ("slurm-%A_%a.out", "slurm-123_4.out"),
        ("%x-%u.log", "fit-ada.log"),
        ("%5j", "00123"),
        ("100%%", "100%"),
        ("plain", "plain"),
        ("%N.out", None),
        ("%t.out", None),
    ],
)
def test_patterns_are_expanded_as_sbatch_does(pattern: str, path: str | None) -> None:
    assert expanded(pattern, job_id=123, name="fit", user="ada", array_id=123, task=4) == path


def test_the_scripts_own_lines_say_where_it_writes() -> None:
    script = (
        "#!/bin/bash\n#SBATCH -J x --output=a.out\n#SBATCH -e b.err\n\n#SBATCH --chdir=/data\nhostname\n#SBATCH -o c\n"
    )
    assert named_files(script) == {"output": "a.out", "error": "b.err", "chdir": "/data"}


def test_a_script_without_such_lines_says_nothing() -> None:
    assert named_files("#!/bin/bash\n# SBATCH -o x\n#SBATCH --open-mode=append\necho --output=y\n") == {}
