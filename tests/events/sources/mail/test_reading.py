from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.errors import RecordError
from headgate.events.sources.mail.reading import MAX_NAME, MAX_RECEIVERS_TEXT, MAX_TEXT, read_request
from headgate.events.sources.mail.record import MailRecord
from headgate.model.job import ArrayPlace, HetPlace
from headgate.model.mail import MailKind, MailRequest, MailScope
from headgate.model.states import JobState
from tests.events.sources.mail.conftest import Make

ENDED = "Slurm Job_id=5 Name=x Ended, Run time 00:01:00, COMPLETED, ExitCode 0"
FAILED = "Slurm Job_id=5 Name=x Failed, Run time 00:01:00, FAILED"
SUMMARY = "Slurm Array Summary Job_id=5_* (7) Name=x Ended, "


def test_before_21_08_all_is_read_from_the_subject(made: Make) -> None:
    assert read_request(made(ENDED, SLURM_CLUSTER_NAME="c1")) == MailRequest(
        record_id="r",
        received=1_700_000_000.25,
        kind=MailKind.ENDED,
        scope=MailScope.JOB,
        job_id=5,
        receivers="alice",
        cluster="c1",
        subject=ENDED,
        name="x",
        state=JobState.COMPLETED,
        exit_code=0,
        signal=0,
        run_time=60,
    )


def test_everything_the_environment_says_is_kept(made: Make) -> None:
    request = read_request(
        made(
            "Slurm Job_id=5 Name=my job Failed, Run time 00:00:09, FAILED, ExitCode 3",
            SLURM_CLUSTER_NAME="c1",
            SLURM_JOBID="5",
            SLURM_JOB_ID="5",
            SLURM_JOB_NAME="my job",
            SLURM_JOB_USER="alice",
            SLURM_JOB_UID="1001",
            SLURM_JOB_ACCOUNT="physics",
            SLURM_JOB_PARTITION="main",
            SLURM_JOB_QOS="normal",
            SLURM_JOB_NODELIST="n[1-2]",
            SLURM_JOB_WORK_DIR="/home/alice",
            SLURM_JOB_STDOUT="/home/alice/slurm-5.out",
            SLURM_JOB_COMMENT="a | b",
            SLURM_JOB_STATE="FAILED",
            SLURM_JOB_MAIL_TYPE="Failed",
            SLURM_JOB_EXIT_CODE="768",
            SLURM_JOB_EXIT_CODE2="3:0",
            SLURM_JOB_EXIT_CODE_MAX="3",
            SLURM_JOB_RUN_TIME="00:00:09",
            SLURM_JOB_RESTART_COUNT="2",
            SLURM_JOB_START_TIME="1700000000",
            SLURM_JOB_END_TIME="1700000009",
            SLURM_HET_JOB_ID="5",
            SLURM_HET_JOB_OFFSET="0",
        )
    )
    assert request == MailRequest(
        record_id="r",
        received=1_700_000_000.25,
        kind=MailKind.FAILED,
        scope=MailScope.JOB,
        job_id=5,
        receivers="alice",
        cluster="c1",
        subject="Slurm Job_id=5 Name=my job Failed, Run time 00:00:09, FAILED, ExitCode 3",
        het=HetPlace(5, 0),
        restarts=2,
        name="my job",
        user="alice",
        uid=1001,
        account="physics",
        partition="main",
        qos="normal",
        nodes="n[1-2]",
        work_dir="/home/alice",
        stdout="/home/alice/slurm-5.out",
        comment="a | b",
        state=JobState.FAILED,
        exit_code=3,
        signal=0,
        run_time=9,
        started=1_700_000_000.0,
        ended=1_700_000_009.0,
    )


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("Began", MailKind.BEGAN),
        ("Ended", MailKind.ENDED),
        ("Failed", MailKind.FAILED),
        ("Requeued", MailKind.REQUEUED),
        ("Invalid dependency", MailKind.INVALID_DEPENDENCY),
        ("StageOut/Teardown", MailKind.STAGED_OUT),
        ("Reached time limit", MailKind.TIME_LIMIT),
        ("Reached 90% of time limit", MailKind.TIME_LIMIT_90),
        ("Reached 80% of time limit", MailKind.TIME_LIMIT_80),
        ("Reached 50% of time limit", MailKind.TIME_LIMIT_50),
    ],
)
def test_the_mail_type_of_the_environment_is_enough(made: Make, word: str, kind: MailKind) -> None:
    assert read_request(made("no subject of Slurm's", SLURM_JOB_MAIL_TYPE=word, SLURM_JOB_ID="5")).kind is kind


def test_where_both_speak_the_environment_is_believed(made: Make) -> None:
    request = read_request(
        made(
            ENDED,
            SLURM_JOB_ID="6",
            SLURM_JOB_NAME="y",
            SLURM_JOB_MAIL_TYPE="Failed",
            SLURM_JOB_STATE="TIMEOUT",
            SLURM_JOB_RUN_TIME="00:00:02",
            SLURM_JOB_EXIT_CODE="15",
        )
    )
    assert (request.job_id, request.name, request.kind, request.state) == (6, "y", MailKind.FAILED, JobState.TIMEOUT)
    assert (request.run_time, request.exit_code, request.signal) == (2, 0, 15)


def test_the_older_name_of_the_job_id_serves_too(made: Make) -> None:
    assert read_request(made("?", SLURM_JOBID="8", SLURM_JOB_MAIL_TYPE="Began")).job_id == 8
    assert read_request(made("?", SLURM_JOB_ID="9", SLURM_JOB_MAIL_TYPE="Began")).job_id == 9


@pytest.mark.parametrize(
    "value", ["", "0", "4294967294", "4294967295", "-1", "\u0665", "5x", "(null)", "99999999999999"]
)
def test_a_job_id_that_is_none_is_not_believed(made: Make, value: str) -> None:
    assert read_request(made(ENDED, SLURM_JOB_ID=value)).job_id == 5


@pytest.mark.parametrize(
    ("raw", "pair", "expected"),
    [
        ("0", "", (0, 0)),
        ("256", "", (1, 0)),
        ("65280", "", (255, 0)),
        ("9", "", (0, 9)),
        ("139", "", (0, 11)),
        ("", "2:0", (2, 0)),
        ("", "0:15", (0, 15)),
        ("4294967294", "", (None, None)),
        ("", "0:126", (None, None)),
        ("", "", (None, None)),
        ("rubbish", "rubbish", (None, None)),
    ],
)
def test_how_the_job_ended(made: Make, raw: str, pair: str, expected: tuple[int | None, int | None]) -> None:
    request = read_request(
        made(FAILED, SLURM_JOB_EXIT_CODE=raw, SLURM_JOB_EXIT_CODE2=pair, SLURM_JOB_EXIT_CODE_MAX="0")
    )
    assert (request.exit_code, request.signal) == expected


def test_a_job_that_is_not_over_has_no_exit_code(made: Make) -> None:
    request = read_request(made("Slurm Job_id=5 Name=x Began", SLURM_JOB_EXIT_CODE="0", SLURM_JOB_EXIT_CODE2="0:0"))
    assert (request.exit_code, request.signal) == (None, None)


def test_cancelled_before_it_started(made: Make) -> None:
    request = read_request(made("Slurm Job_id=5 Name=x Ended, CANCELLED, ExitCode 0", SLURM_JOB_START_TIME="0"))
    assert (request.kind, request.state, request.run_time) == (MailKind.ENDED, JobState.CANCELLED, None)
    assert request.started is None


def test_the_expected_end_of_a_running_job_is_not_its_end(made: Make) -> None:
    times = {"SLURM_JOB_START_TIME": "1700000000", "SLURM_JOB_END_TIME": "1700003600"}
    began = read_request(made("Slurm Job_id=5 Name=x Began", **times))
    assert (began.started, began.ended) == (1_700_000_000.0, None)
    waiting = read_request(made("Slurm Job_id=5 Name=x Invalid dependency", **times))
    assert (waiting.started, waiting.ended) == (None, None)


def test_stage_out_time_is_in_the_environment_where_the_subject_lost_it(made: Make) -> None:
    subject = "Slurm Job_id=5 Name=x StageOut/Teardown time "
    assert read_request(made(subject)).staged_out_time is None
    assert read_request(made(subject, SLURM_JOB_STAGE_OUT_TIME="00:00:07")).staged_out_time == 7


def test_queued_time(made: Make) -> None:
    subject = "Slurm Job_id=5 Name=x Began, Queued time 00:00:04"
    assert read_request(made(subject)).queued_time == 4
    assert read_request(made(subject, SLURM_JOB_QUEUED_TIME="1-00:00:00")).queued_time == 86400


def test_an_array_task(made: Make) -> None:
    subject = "Slurm Array Task Job_id=5_0 (7) Name=x Ended, Run time 00:00:01, COMPLETED, ExitCode 0"
    for environment in ({}, {"SLURM_ARRAY_JOB_ID": "5", "SLURM_ARRAY_TASK_ID": "0", "SLURM_JOB_ID": "7"}):
        request = read_request(made(subject, **environment))
        assert (request.scope, request.job_id, request.array) == (MailScope.ARRAY_TASK, 7, ArrayPlace(5, 0))


def test_an_array_task_whose_subject_is_of_no_known_form(made: Make) -> None:
    ids = {"SLURM_ARRAY_JOB_ID": "5", "SLURM_ARRAY_TASK_ID": "3", "SLURM_JOB_ID": "7", "SLURM_JOB_MAIL_TYPE": "Ended"}
    request = read_request(made("something new", **ids))
    assert (request.scope, request.array) == (MailScope.ARRAY_TASK, ArrayPlace(5, 3))


def test_no_value_in_place_of_a_task_means_no_array(made: Make) -> None:
    ids = {"SLURM_ARRAY_JOB_ID": "0", "SLURM_ARRAY_TASK_ID": "4294967294", "SLURM_JOB_ID": "7"}
    request = read_request(made("something new", SLURM_JOB_MAIL_TYPE="Ended", **ids))
    assert (request.scope, request.array) == (MailScope.JOB, None)


def test_array_variables_that_a_user_made_up_do_not_make_a_job_an_array(made: Make) -> None:
    request = read_request(made(ENDED, SLURM_ARRAY_JOB_ID="1", SLURM_ARRAY_TASK_ID="2"))
    assert (request.scope, request.array) == (MailScope.JOB, None)


def test_a_summary_says_nothing_of_the_one_task_its_environment_is_from(made: Make) -> None:
    request = read_request(
        made(
            SUMMARY + "COMPLETED, ExitCode [0-0]",
            SLURM_ARRAY_JOB_ID="5",
            SLURM_ARRAY_TASK_ID="3",
            SLURM_JOB_ID="7",
            SLURM_JOB_STATE="COMPLETED",
            SLURM_JOB_RUN_TIME="00:00:09",
            SLURM_JOB_NODELIST="n1",
            SLURM_JOB_EXIT_CODE="256",
            SLURM_JOB_EXIT_CODE2="1:0",
            SLURM_JOB_EXIT_CODE_MIN="0",
            SLURM_JOB_EXIT_CODE_MAX="0",
            SLURM_JOB_START_TIME="1700000000",
            SLURM_JOB_USER="alice",
        )
    )
    assert (request.scope, request.job_id, request.array) == (MailScope.ARRAY_SUMMARY, 7, ArrayPlace(5, None))
    assert (request.state, request.mixed, request.exit_code_min, request.exit_code) == (JobState.COMPLETED, False, 0, 0)
    assert (request.run_time, request.nodes, request.started, request.user) == (None, "", None, "alice")


@pytest.mark.parametrize(
    ("end", "environment", "expected"),
    [
        ("Mixed, ExitCode [0-2]", {"EXIT_CODE_MIN": "0", "EXIT_CODE_MAX": "2"}, (True, 0, 2, None)),
        ("Mixed, ExitCode [0-2]", {}, (True, 0, 2, None)),
        ("Mixed, MaxSignal [9]", {"TERM_SIGNAL_MAX": "9"}, (True, None, None, 9)),
        ("Mixed, MaxSignal [9]", {}, (True, None, None, 9)),
        ("Mixed, MaxExitCode [2]", {"EXIT_CODE_MAX": "2"}, (True, None, 2, None)),
        ("NODE_FAIL", {"EXIT_CODE_MAX": "0"}, (False, None, None, None)),
        ("FAILED, ExitCode [1-2]", {"EXIT_CODE_MIN": "1", "EXIT_CODE_MAX": "2"}, (False, 1, 2, None)),
    ],
)
def test_how_an_array_ended(
    made: Make, end: str, environment: dict[str, str], expected: tuple[bool, int | None, int | None, int | None]
) -> None:
    variables = {f"SLURM_JOB_{name}": value for name, value in environment.items()}
    request = read_request(made(SUMMARY + end, SLURM_JOB_STATE="FAILED", **variables))
    assert (request.mixed, request.exit_code_min, request.exit_code, request.signal) == expected
    assert request.state is (None if request.mixed else JobState.FAILED)


def test_an_array_with_requeued_tasks(made: Make) -> None:
    assert read_request(made(SUMMARY + "COMPLETED, ExitCode [0-0], with requeued tasks")).requeued_tasks


def test_an_array_that_began(made: Make) -> None:
    subject = "Slurm Array Summary Job_id=5_* (7) Name=x Began"
    request = read_request(made(subject, SLURM_JOB_STATE="PENDING", SLURM_JOB_QUEUED_TIME="00:00:01"))
    assert (request.scope, request.kind, request.state) == (
        MailScope.ARRAY_SUMMARY, MailKind.BEGAN, JobState.PENDING,
    )  # fmt: skip
    assert request.queued_time is None


@pytest.mark.parametrize(
    ("variables", "het"),
    [
        ({"SLURM_HET_JOB_ID": "5", "SLURM_HET_JOB_OFFSET": "0"}, HetPlace(5, 0)),
        ({"SLURM_PACK_JOB_ID": "5", "SLURM_PACK_JOB_OFFSET": "1"}, HetPlace(5, 1)),
        ({"SLURM_HET_JOB_ID": "0", "SLURM_HET_JOB_OFFSET": "4294967294"}, None),
        ({}, None),
    ],
)
def test_het_jobs(made: Make, variables: dict[str, str], het: HetPlace | None) -> None:
    assert read_request(made(ENDED, **variables)).het == het


@pytest.mark.parametrize(
    ("receivers", "expected"), [((), ""), (("",), ""), (("a,b",), "a,b"), (("a", "b"), "a,b"), (("-x",), "-x")]
)
def test_receivers_are_handed_on_as_they_came(made: Make, receivers: tuple[str, ...], expected: str) -> None:
    assert read_request(made(ENDED, receivers)).receivers == expected


@pytest.mark.parametrize("argv", [(), ("mail",), ("mail", "-s"), ("mail", "-x", ENDED, "a"), ("mail", ENDED, "a")])
def test_a_call_that_is_not_slurms_is_refused(argv: tuple[str, ...]) -> None:
    with pytest.raises(RecordError, match="-s SUBJECT RECEIVERS"):
        read_request(MailRecord("r", 0.0, argv, {"SLURM_JOB_ID": "5", "SLURM_JOB_MAIL_TYPE": "Ended"}))


def test_a_record_that_does_not_say_which_job_is_refused(made: Make) -> None:
    with pytest.raises(RecordError, match="which job"):
        read_request(made("something", SLURM_JOB_MAIL_TYPE="Ended"))


def test_a_record_that_does_not_say_what_happened_is_refused(made: Make) -> None:
    with pytest.raises(RecordError, match="what happened"):
        read_request(made("Slurm Job_id=5 Name=x unknown", SLURM_JOB_ID="5", SLURM_JOB_MAIL_TYPE="unknown"))


def test_slurms_word_for_nothing_is_nothing(made: Make) -> None:
    request = read_request(made(ENDED, SLURM_JOB_ACCOUNT="(null)", SLURM_JOB_COMMENT="(null)"))
    assert (request.account, request.comment) == ("", "")


def test_a_job_may_be_called_like_slurms_word_for_nothing(made: Make) -> None:
    assert read_request(made("Slurm Job_id=5 Name=(null) Began", SLURM_JOB_NAME="(null)")).name == "(null)"


def test_texts_are_bounded_and_a_path_too_long_is_none(made: Make) -> None:
    request = read_request(
        made(
            "Slurm Job_id=5 Name=" + "n" * 50_000 + " Began",
            ["r" * (MAX_RECEIVERS_TEXT + 1)],
            SLURM_JOB_NAME="n" * 50_000,
            SLURM_JOB_COMMENT="c" * 50_000,
            SLURM_JOB_NODELIST="h" * 50_000,
            SLURM_JOB_WORK_DIR="/" * 5000,
        )
    )
    assert (len(request.name), len(request.comment), len(request.subject)) == (MAX_NAME, MAX_TEXT, MAX_TEXT)
    assert (len(request.receivers), len(request.nodes), request.work_dir) == (MAX_RECEIVERS_TEXT, MAX_TEXT, "")


def test_bytes_that_are_not_utf8_do_not_hide_the_end_of_the_name(made: Make) -> None:
    request = read_request(made("Slurm Job_id=5 Name=\udce4 Began Ended, in new words", SLURM_JOB_NAME="\udce4 Began"))
    assert (request.name, request.kind) == ("\ufffd Began", MailKind.ENDED)


NAMES = st.sampled_from([
    "SLURM_JOB_ID", "SLURM_JOB_NAME", "SLURM_JOB_MAIL_TYPE", "SLURM_JOB_STATE", "SLURM_JOB_EXIT_CODE",
    "SLURM_JOB_EXIT_CODE2", "SLURM_JOB_EXIT_CODE_MIN", "SLURM_JOB_EXIT_CODE_MAX", "SLURM_JOB_TERM_SIGNAL_MAX",
    "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_HET_JOB_ID", "SLURM_JOB_START_TIME", "SLURM_JOB_UID",
])  # fmt: skip
VALUES = st.text(max_size=12) | st.integers(-1, 2**33).map(str) | st.sampled_from(["Ended", "FAILED", "1:0"])


@given(st.sampled_from([ENDED, FAILED, SUMMARY + "Mixed, MaxSignal [9]", "x"]), st.dictionaries(NAMES, VALUES))
def test_any_environment_is_read_or_refused_and_gives_valid_text(subject: str, environment: dict[str, str]) -> None:
    try:
        request = read_request(MailRecord("r", 1.0, ("mail", "-s", subject, "a"), environment))
    except RecordError:
        return
    for value in dataclasses.astuple(request):
        if isinstance(value, str):
            value.encode("utf-8")
    assert request.job_id > 0
