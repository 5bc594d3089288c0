"""The figures of a job under goslmailer's names."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

from headgate.notify.fields import fields_of
from tests.notify.jobs import COMPLETED, ENDED, GIB, SUMMARY


def test_a_job_has_the_figures_of_accounting() -> None:
    fields = fields_of(ENDED, COMPLETED, UTC)
    assert (fields["MailSubject"], fields["User"], fields["Ncpus"], fields["Nodes"]) == ("Job 123", "ada", 8, 2)
    assert (fields["ReqMem"], fields["MaxRSS"], fields["Walltime"], fields["Runtime"]) == (
        16 * GIB,
        12 * GIB,
        7200,
        3600,
    )
    assert fields["SLURM_JOB_ID"] == fields["SLURM_JOBID"] == 123
    assert (fields["SLURM_JOB_MAIL_TYPE"], fields["SLURM_JOB_STATE"]) == ("Ended", "COMPLETED")


def test_what_is_not_known_is_left_out() -> None:
    fields = fields_of(ENDED, replace(COMPLETED, memory_used=None, time_limit=None), UTC)
    assert {"MaxRSS", "Walltime", "WalltimeStr", "SLURM_ARRAY_JOB_ID"}.isdisjoint(fields)
    assert "MaxRSS" not in fields_of(ENDED, None, UTC)


def test_a_summary_is_called_one() -> None:
    assert fields_of(SUMMARY, None, UTC)["MailSubject"] == "Job Array Summary 200_*"
