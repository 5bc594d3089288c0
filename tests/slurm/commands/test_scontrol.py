from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.slurm.commands import scontrol
from headgate.slurm.commands.scontrol import MailSettings, MailType
from tests.slurm.commands.recorded_text import VERSIONS, recorded, recorded_ids

ALL = frozenset(
    {MailType.BEGIN, MailType.END, MailType.FAIL, MailType.REQUEUE, MailType.INVALID_DEPEND, MailType.STAGE_OUT}
)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


def record(job_id: int, *, name: str = "job", comment: str = "", mail: str = "") -> str:
    """A record in the shape of scontrol's, with what matters here."""
    lines = [f"JobId={job_id} JobName={name}", "UserId=ada(1001) GroupId=ada(1001) MCS_label=N/A"]
    lines += [f"Comment={comment} "] if comment else []
    lines += ["StdOut=/dev/null", "Power="]
    lines += [mail] if mail else []
    return "\n   ".join(lines) + "\n   \n\n"


@pytest.mark.parametrize("version", VERSIONS)
def test_recorded_answer_is_read_and_the_forged_job_is_in_doubt(version: str) -> None:
    ids = recorded_ids(version)
    answer = scontrol.parse_mail_settings(recorded(version, "scontrol"), known=set(ids.values()))
    assert answer.doubtful == {ids["mailed"]}
    assert ids["mailed"] not in answer.settings
    assert answer.settings[ids["array"]] == MailSettings(frozenset({MailType.END, MailType.ARRAY_TASKS}), "ada")
    assert answer.settings[ids["high_code"]] == MailSettings()
    assert 1 not in answer.settings


@pytest.mark.parametrize("version", VERSIONS)
def test_recorded_job_alone_gives_its_hostile_mail_user(version: str) -> None:
    ids = recorded_ids(version)
    text = recorded(version, "scontrol")
    start = text.index(f"JobId={ids['mailed']} ")
    alone = text[start : text.index(f"JobId={ids['failed']} ", start)]
    assert scontrol.parse_mail_settings_of_one(alone) == MailSettings(ALL, "x MailType=NONE\n")


def test_job_without_a_mail_line_wants_no_mail() -> None:
    assert scontrol.parse_mail_settings(record(7)).settings == {7: MailSettings()}


@given(name=TEXT, comment=TEXT)
def test_no_name_or_comment_changes_what_another_job_wants(name: str, comment: str) -> None:
    wanted = MailSettings(frozenset({MailType.END}), "ada")
    text = record(7, name=name, comment=comment) + record(8, mail="MailUser=ada MailType=END")
    answer = scontrol.parse_mail_settings(text, known={7, 8})
    assert answer.settings.get(8) == wanted or answer.doubtful == {8}


@given(comment=TEXT, mail_user=TEXT.filter(lambda text: "\n" not in text and "MailType=" not in text))
def test_no_comment_changes_what_the_own_mail_line_says(comment: str, mail_user: str) -> None:
    text = record(7, comment=comment, mail=f"MailUser={mail_user} MailType=BEGIN,END")
    assert scontrol.parse_mail_settings_of_one(text) == MailSettings(
        frozenset({MailType.BEGIN, MailType.END}), mail_user
    )


def test_forged_record_of_another_job_puts_it_in_doubt() -> None:
    forged = record(8, mail="MailUser=mallory MailType=END")
    text = record(7, comment=f"x\n\n{forged}") + record(8)
    answer = scontrol.parse_mail_settings(text, known={7, 8})
    assert answer.doubtful == {8}
    assert answer.settings == {7: MailSettings()}


def test_forged_record_of_a_job_that_is_not_there_is_left_out() -> None:
    text = record(7, comment="x\n\n" + record(9, mail="MailUser=mallory MailType=END"))
    assert scontrol.parse_mail_settings(text, known={7}).settings == {7: MailSettings()}


def test_words_of_later_versions_are_passed_over() -> None:
    text = record(7, mail="MailUser=ada MailType=END,SOMETHING_NEW")
    assert scontrol.parse_mail_settings(text).settings == {7: MailSettings(frozenset({MailType.END}), "ada")}


def test_lines_after_the_mail_line_do_not_matter() -> None:
    text = record(7, mail="MailUser=ada MailType=END\n   NtasksPerTRES=1\n   Container=/x MailType=BEGIN y")
    assert scontrol.parse_mail_settings_of_one(text) == MailSettings(frozenset({MailType.END}), "ada")


def test_answer_without_a_record_says_nothing() -> None:
    assert scontrol.parse_mail_settings("No jobs in the system\n").settings == {}
    assert scontrol.parse_mail_settings_of_one("No jobs in the system\n") is None


def test_cluster_name_is_read_from_the_configuration() -> None:
    text = (
        "Configuration data as of 1\nBOOT_TIME = 2\nClusterName             = dev\nCommunicationParameters = (null)\n"
    )
    assert scontrol.parse_cluster_name(text) == "dev"
    assert scontrol.parse_cluster_name("CommunicationParameters = (null)\n") is None


@pytest.mark.parametrize(
    ("line", "started"),
    [
        ("BOOT_TIME               = 1795977368", 1795977368.0),
        ("BOOT_TIME               = 2026-11-29T18:36:08", None),
        ("MailDomain              = BOOT_TIME = 5", None),
        ("", None),
    ],
)
def test_when_slurmctld_was_started_is_read_in_seconds(line: str, started: float | None) -> None:
    text = f"Configuration data as of 1795977400\n{line}\nBurstBufferType         = (null)\n"
    assert scontrol.parse_boot_time(text) == started
