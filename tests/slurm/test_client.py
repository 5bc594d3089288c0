from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from headgate.errors import SlurmCommandError, SlurmOutputError
from headgate.slurm.client import SlurmClient
from headgate.slurm.commands.scontrol import MailSettings, MailType
from headgate.testing.slurm import FakeSlurm, sacct_text, squeue_text
from tests.slurm.commands.test_sacct import FIGURES
from tests.slurm.commands.test_scontrol import record
from tests.slurm.commands.test_squeue import JOB


@pytest.fixture
def fake(tmp_path: Path) -> FakeSlurm:
    return FakeSlurm(tmp_path, cluster="c")


async def test_queue_is_what_squeue_says(fake: FakeSlurm) -> None:
    fake.has_queue([JOB])
    client = SlurmClient(fake.settings())
    assert await client.queue() == [JOB]
    assert client.calls == {"squeue": 1}


async def test_jobs_on_nodes_are_asked_for_by_a_hostlist(fake: FakeSlurm) -> None:
    fake.has_queue([JOB])
    client = SlurmClient(fake.settings())
    assert await client.queue_on(["n2", "n1"]) == [JOB]
    (call,) = fake.calls("squeue")
    assert "--nodelist=n[1-2]" in call
    for wrong in ([], ["n[1-"]):
        with pytest.raises(ValueError, match="nodes"):
            await client.queue_on(wrong)


async def test_accounting_asks_one_sacct_for_all_jobs(fake: FakeSlurm) -> None:
    fake.has_accounts([FIGURES])
    client = SlurmClient(fake.settings())
    assert await client.accounting([7, 8, 9], since=1_700_000_000) == [FIGURES]
    (call,) = fake.calls("sacct")
    assert "--jobs=7,8,9 --starttime=2023-11-14T22:13:20" in call


async def test_accounting_of_nothing_asks_nobody(fake: FakeSlurm) -> None:
    assert await SlurmClient(fake.settings()).accounting([]) == []


async def test_every_call_has_a_mark_of_its_own(fake: FakeSlurm) -> None:
    fake.has_accounts([FIGURES])
    client = SlurmClient(fake.settings())
    await client.accounting([7])
    await client.accounting([7])
    first, second = fake.calls("sacct")
    assert first != second


async def test_cluster_is_asked_for_once_by_all_who_want_it(fake: FakeSlurm) -> None:
    fake.says("scontrol", "ClusterName             = winter\n")
    client = SlurmClient(fake.settings().model_copy(update={"cluster": ""}))
    names = await asyncio.gather(*(client.cluster_name() for _ in range(5)))
    assert set(names) == {"winter"}
    assert fake.calls("scontrol") == ["show config"]


async def test_configuration_without_a_cluster_is_an_unreadable_answer(fake: FakeSlurm) -> None:
    fake.says("scontrol", "nothing\n")
    with pytest.raises(SlurmOutputError, match="names no cluster"):
        await SlurmClient(fake.settings().model_copy(update={"cluster": ""})).cluster_name()


async def test_failing_command_says_why_in_one_line(fake: FakeSlurm) -> None:
    fake.says("squeue", stderr="\nslurm_load_jobs error: Unable to contact\x1b[1m slurm controller\nmore\n", code=1)
    with pytest.raises(SlurmCommandError) as caught:
        await SlurmClient(fake.settings()).queue()
    assert caught.value.message == (
        "squeue failed (exit code 1): slurm_load_jobs error: Unable to contact?[1m slurm controller"
    )
    assert caught.value.transient


async def test_long_complaint_is_cut(fake: FakeSlurm) -> None:
    fake.says("squeue", stderr="x" * 5000, code=1)
    with pytest.raises(SlurmCommandError) as caught:
        await SlurmClient(fake.settings()).queue()
    assert len(caught.value.message) < 400


async def test_answer_of_a_command_that_failed_is_not_used(fake: FakeSlurm) -> None:
    fake.says("sacct", sacct_text([FIGURES], "\x1f"), stderr="sacct: error: lost the database", code=1)
    with pytest.raises(SlurmCommandError, match="lost the database"):
        await SlurmClient(fake.settings()).accounting([7])


async def test_warning_beside_a_good_answer_is_logged_once(fake: FakeSlurm) -> None:
    fake.has_queue([JOB], stderr="squeue: error: plugin is old\n")
    client = SlurmClient(fake.settings())
    with capture_logs() as logs:
        assert await client.queue() == [JOB]
        assert await client.queue() == [JOB]
    assert logs == [
        {"event": "slurm.warning", "log_level": "warning", "command": "squeue", "text": "squeue: error: plugin is old"}
    ]


async def test_empty_answer_with_an_error_is_not_an_empty_queue(fake: FakeSlurm) -> None:
    fake.has_queue([], stderr="squeue: error: slurm_receive_msg: Zero Bytes were transmitted or received\n")
    with pytest.raises(SlurmCommandError, match="Zero Bytes"):
        await SlurmClient(fake.settings()).queue()


async def test_empty_answer_without_an_error_is_an_empty_queue(fake: FakeSlurm) -> None:
    fake.has_queue([])
    assert await SlurmClient(fake.settings()).queue() == []


async def test_unreadable_record_is_logged_and_the_others_are_given(fake: FakeSlurm) -> None:
    broken = squeue_text([JOB], "\x1f").replace("RUNNING", "SLEEPING")
    fake.says("squeue", broken + squeue_text([JOB], "\x1f"))
    client = SlurmClient(fake.settings())
    with capture_logs() as logs:
        assert await client.queue() == [JOB]
    assert logs == [
        {"event": "slurm.records_refused", "log_level": "warning", "command": "squeue", "refused": 1, "read": 1}
    ]
    assert client.refused == 1


async def test_answer_that_holds_nothing_readable_is_an_error(fake: FakeSlurm) -> None:
    fake.says("squeue", "JOBID PARTITION NAME\n")
    with pytest.raises(SlurmOutputError, match="squeue"):
        await SlurmClient(fake.settings()).queue()


async def test_hanging_sacct_ends_at_its_own_time_out(fake: FakeSlurm) -> None:
    fake.hangs("sacct")
    client = SlurmClient(fake.settings(timeout=600, accounting_timeout=0.3))
    with pytest.raises(SlurmCommandError, match=r"sacct did not answer within 0\.3 s"):
        await client.accounting([7])


async def test_missing_command_is_told_by_its_name(fake: FakeSlurm) -> None:
    with pytest.raises(SlurmCommandError, match="squeue cannot be started"):
        await SlurmClient(fake.settings()).queue()


async def test_mail_settings_of_a_doubtful_job_are_asked_for_alone(fake: FakeSlurm) -> None:
    forged = record(8, mail="MailUser=mallory MailType=END")
    fake.says(
        "scontrol",
        record(7, comment=f"x\n\n{forged}") + record(8, mail="MailUser=ada MailType=FAIL"),
    )
    client = SlurmClient(fake.settings())
    settings = await client.mail_settings({7, 8})
    assert settings == {7: MailSettings(), 8: MailSettings(frozenset({MailType.FAIL}), "ada")}
    assert fake.calls("scontrol") == ["--all --local show job", "--all --local show job 8"]


async def test_many_doubtful_jobs_cost_a_bounded_number_of_calls(fake: FakeSlurm) -> None:
    fake.says("scontrol", "".join(record(job_id) for job_id in range(1, 101)) * 2)
    client = SlurmClient(fake.settings())
    settings = await client.mail_settings(range(1, 101))
    assert len(fake.calls("scontrol")) == 17
    assert len(settings) == 16
    assert set(settings) < set(range(1, 101))


async def test_commands_see_slurm_conf_and_nothing_of_our_environment(
    fake: FakeSlurm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURM_CLUSTERS", "other")
    fake.has_queue([JOB])
    squeue = fake.bin / "squeue"
    squeue.write_text(squeue.read_text().replace("#!/bin/sh\n", f"#!/bin/sh\n/usr/bin/env >{tmp_path}/env\n"))
    await SlurmClient(fake.settings().model_copy(update={"conf": Path("/etc/s.conf")})).queue()
    names = dict(line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines())
    assert names["SLURM_CONF"] == "/etc/s.conf"
    assert names["LC_ALL"] == "C"
    assert names["SLURM_TIME_FORMAT"] == "%s"
    assert set(names) <= {
        "PATH", "LC_ALL", "SLURM_CONF", "SLURM_TIME_FORMAT", "SQUEUE_FORMAT2", "SLURM_BITSTR_LEN", "PWD", "_", "SHLVL"
    }  # fmt: skip
