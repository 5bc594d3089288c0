from __future__ import annotations

import configparser
import subprocess
from pathlib import Path

import pytest

from headgate.builds.jobs.content import batch_script, export_vars, job_script
from headgate.errors import ConfigError


def run(directory: Path, script: bytes, **more: str) -> str:
    """Run a job script as a job would, and return what it printed."""
    environment = {"PATH": "/usr/bin:/bin", "SLURM_JOB_ID": "42", "HOME": str(directory), **more}
    done = subprocess.run(
        ["/bin/bash"], input=script, cwd=directory, env=environment, capture_output=True, check=False, timeout=60
    )
    return (done.stdout + done.stderr).decode() + f"\nexit {done.returncode}"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "bot").mkdir()
    (tmp_path / "cfg").mkdir()
    for name in ("build", "check-build", "test", "check-test"):
        (tmp_path / f"bot/{name}.sh").write_text(f"echo ran {name}\n")
    return tmp_path


def ran(printed: str) -> list[str]:
    return [line.removeprefix("ran ") for line in printed.splitlines() if line.startswith("ran ")]


def test_the_scripts_of_a_repository_run_in_their_order_whatever_they_return(directory: Path) -> None:
    (directory / "bot/build.sh").write_text("echo ran build\nexit 3\n")
    printed = run(directory, job_script(None))
    assert ran(printed) == ["build", "check-build", "test", "check-test"]
    assert "exit code 3" in printed
    assert printed.endswith("exit 0")


def test_tests_can_be_left_out_by_a_variable(directory: Path) -> None:
    (directory / "cfg/export_vars.sh").write_text(export_vars(["SKIP_TESTS=yes"]))
    assert ran(run(directory, job_script(None))) == ["build", "check-build", "check-test"]


def test_without_a_build_script_there_is_no_result(directory: Path) -> None:
    (directory / "bot/build.sh").unlink()
    assert run(directory, job_script(None)).endswith("exit 1")
    assert not list(directory.glob("_bot_job*"))


def test_without_checks_the_result_is_unknown(directory: Path) -> None:
    (directory / "bot/check-build.sh").unlink()
    (directory / "bot/check-test.sh").unlink()
    run(directory, job_script(None))
    for name, section in (("result", "RESULT"), ("test", "TEST")):
        parser = configparser.ConfigParser()
        parser.read(directory / f"_bot_job42.{name}")
        assert parser[section]["status"] == "UNKNOWN"
        assert ":shrug: UNKNOWN" in parser[section]["comment_description"]


def test_the_site_says_where_temporary_files_go_and_what_is_read_first(directory: Path) -> None:
    (directory / "site.sh").write_text("export SITE=here\n")
    (directory / "cfg/job.cfg").write_text(
        f"[site_config]\nlocal_tmp = {directory}/spare/$USER/${{OTHER}}\nsite_config_script = {directory}/site.sh\n"
        "[repository]\nlocal_tmp = /elsewhere\n"
    )
    (directory / "bot/build.sh").write_text('echo "ran $SITE $TMPDIR"\n')
    [said, *_] = ran(run(directory, job_script(None), USER="ada", OTHER="$(touch pwned)"))
    assert said.startswith(f"here {directory}/spare/ada/$(touch pwned)/headgate_job.")
    assert not (directory / "pwned").exists()


def test_variables_are_quoted() -> None:
    text = export_vars(["A=1", "B=$(touch pwned) 'x'"])
    done = subprocess.run(["/bin/sh"], input=f'{text}\necho "$A $B"', capture_output=True, text=True, check=True)
    assert done.stdout == "1 $(touch pwned) 'x'\n"


@pytest.mark.parametrize("argument", ["A", "1A=x", "A B=x", "A=x\ny", "A;b=c"])
def test_what_is_no_variable_is_refused(argument: str) -> None:
    with pytest.raises(ConfigError):
        export_vars([argument])


def test_a_sites_own_script_keeps_its_directives_and_is_run_behind_the_unpacking() -> None:
    own = b"#!/bin/bash\n#SBATCH --mem=4G\necho mine '#SBATCH --mem=9G'\n"
    script = batch_script(own)
    assert script.startswith(b"#!/bin/bash\n#SBATCH --mem=4G\n")
    assert b"9G" not in script
    assert script.index(b"headgate_unpack") < script.index(b". ./.headgate/job.sh")
    assert job_script(own) == own
