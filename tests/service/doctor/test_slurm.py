"""What the doctor makes of ``scontrol show config``."""

from __future__ import annotations

from pathlib import Path

from headgate.config.settings import Settings, SpoolSettings
from headgate.events.sources.mail.install import program_text
from headgate.model.finding import Level
from headgate.service.doctor.slurm import Shown, accounting, clock, mails, parse_config, release

TEXT = """Configuration data as of 1700000000
AccountingStorageType   = accounting_storage/slurmdbd
MailProg                = /usr/lib/headgate/headgate-mailprog
SLURM_VERSION           = 22.05.8
SlurmctldPort           = 6817

Cgroup Support Configuration:
(null)
"""


def levels(found: object) -> list[Level]:
    return [one.level for one in list(found)]  # type: ignore[call-overload]


def test_settings_and_the_moment_are_read() -> None:
    shown = parse_config(TEXT)
    assert shown.as_of == 1_700_000_000
    assert shown.settings["SLURM_VERSION"] == "22.05.8"
    assert shown.settings["MailProg"] == "/usr/lib/headgate/headgate-mailprog"


def test_an_answer_that_says_nothing_is_no_crash() -> None:
    assert parse_config("") == Shown({}, None)


def test_releases_that_nobody_tested_are_noted() -> None:
    assert levels(release("slurm", Shown({"SLURM_VERSION": "26.11.0"}, None))) == [Level.NOTE]
    assert levels(release("slurm", Shown({"SLURM_VERSION": "20.02.7"}, None))) == [Level.NOTE]
    assert levels(release("slurm", parse_config(TEXT))) == []


def test_a_cluster_without_accounts_is_wrong() -> None:
    assert levels(accounting("slurm", Shown({"AccountingStorageType": "accounting_storage/none"}, None))) == [
        Level.WRONG
    ]
    assert levels(accounting("slurm", parse_config(TEXT))) == []


def test_clocks_that_differ_are_wrong_and_slow_answers_are_not() -> None:
    shown = Shown({}, 1000.0)
    assert levels(clock("slurm", shown, 990.0, 1040.0)) == []
    [ahead] = clock("slurm", shown, 900.0, 901.0)
    assert (ahead.level, "99 seconds" in ahead.what) == (Level.WRONG, True)
    assert levels(clock("slurm", shown, 1100.0, 1101.0)) == [Level.WRONG]


def test_mails_that_go_elsewhere_are_found(tmp_path: Path) -> None:
    settings = Settings(spool=SpoolSettings(path=tmp_path / "spool"))
    program = tmp_path / "headgate-mailprog"
    shown = Shown({"MailProg": str(program)}, None)
    assert levels(mails(Shown({"MailProg": "/bin/mail"}, None), settings)) == [Level.WRONG]
    assert levels(mails(shown, settings)) == [Level.NOTE]  # it is not here
    program.write_text(program_text(tmp_path / "spool", Path("/usr/bin/python3")))
    assert levels(mails(shown, settings)) == [Level.WELL]
    program.write_text(program_text(tmp_path / "another", Path("/usr/bin/python3")))
    [elsewhere] = mails(shown, settings)
    assert (elsewhere.level, "another spool" in elsewhere.what) == (Level.WRONG, True)
    program.write_text(program_text(tmp_path / "spool", Path("/usr/bin/python3")) + "# of another release\n")
    assert levels(mails(shown, settings)) == [Level.NOTE]
