from __future__ import annotations

import grp
import json
import os
import pwd
from pathlib import Path

from click.testing import CliRunner

from headgate.cli.main import headgate
from headgate.errors import SpoolError

ME = ["--slurm-user", pwd.getpwuid(os.geteuid()).pw_name, "--group", grp.getgrgid(os.getegid()).gr_name]


def test_it_prints_what_is_in_place_and_the_line_for_slurm_conf(tmp_path: Path) -> None:
    spool, target = tmp_path / "spool", tmp_path / "headgate-mailprog"
    answer = CliRunner().invoke(headgate, ["mailprog", "install", "--spool", f"{spool}", "--target", f"{target}", *ME])
    assert answer.exit_code == 0, answer.output
    assert f"\nMailProg={target}\n" in answer.output
    assert "  drwxrws--- " in answer.output
    assert "  -rwxr-xr-x " in answer.output
    assert target.exists()


def test_as_json(tmp_path: Path) -> None:
    spool, target = tmp_path / "spool", tmp_path / "headgate-mailprog"
    asked = ["mailprog", "install", "--json", "--spool", f"{spool}", "--target", f"{target}", *ME]
    told = json.loads(CliRunner().invoke(headgate, asked).output)
    assert told["slurm_conf"] == f"MailProg={target}"
    assert [(one["path"], one["mode"], one["outcome"]) for one in told["files"]] == [
        (str(spool), "2770", "made"),
        (str(target), "0755", "made"),
    ]


def test_without_a_spool_given_the_one_of_the_configuration_is_made(tmp_path: Path) -> None:
    configuration = tmp_path / "headgate.toml"
    configuration.write_text(f'[spool]\npath = "{tmp_path}/from-configuration"\n')
    asked = ["--config", f"{configuration}", "mailprog", "install", "--target", f"{tmp_path}/program", *ME]
    answer = CliRunner().invoke(headgate, asked)
    assert answer.exit_code == 0, answer.output
    assert (tmp_path / "from-configuration").is_dir()


def test_an_account_that_does_not_exist_is_one_clear_error(tmp_path: Path) -> None:
    asked = ["mailprog", "install", "--spool", f"{tmp_path}/s", "--target", f"{tmp_path}/p", "--slurm-user", "no-such"]
    answer = CliRunner().invoke(headgate, asked)
    assert isinstance(answer.exception, SpoolError)
    assert "--slurm-user" in answer.exception.message
    assert list(tmp_path.iterdir()) == []
