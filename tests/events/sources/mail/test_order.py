from __future__ import annotations

import pytest

from headgate.events.sources.mail.order import in_order
from headgate.model.job import ArrayPlace
from headgate.model.mail import MailKind, MailRequest, MailScope

BEGAN, ENDED, FAILED, REQUEUED = MailKind.BEGAN, MailKind.ENDED, MailKind.FAILED, MailKind.REQUEUED


def handed_over(*mails: tuple[float, MailKind, int]) -> list[MailRequest]:
    return [MailRequest(f"{at}", at, kind, MailScope.JOB, job, "ada") for at, kind, job in mails]


@pytest.mark.parametrize(
    ("mails", "order"),
    [
        ([(0, ENDED, 1), (0.1, BEGAN, 1)], "10"),
        ([(0, FAILED, 1), (0.1, BEGAN, 2), (0.2, BEGAN, 1)], "201"),
        ([(0, ENDED, 2), (0.1, ENDED, 1), (0.2, BEGAN, 1)], "021"),
        ([(0, BEGAN, 1), (0.1, ENDED, 1)], "01"),
        ([(0, ENDED, 1), (0.1, BEGAN, 2)], "01"),
        ([(0, REQUEUED, 1), (0.1, BEGAN, 1)], "01"),
        ([(0, ENDED, 1), (0.1, REQUEUED, 1), (0.2, BEGAN, 1)], "012"),
        ([(0, ENDED, 1), (10, BEGAN, 1)], "01"),
        ([], ""),
    ],
)
def test_a_start_does_not_come_behind_the_end_of_the_same_job(
    mails: list[tuple[float, MailKind, int]], order: str
) -> None:
    received = handed_over(*mails)
    assert in_order(received) == [received[int(number)] for number in order]


def test_a_summary_is_about_its_array_whichever_task_slurm_names() -> None:
    summary = MailScope.ARRAY_SUMMARY
    ended = MailRequest("a", 0, ENDED, summary, 12, "ada", array=ArrayPlace(9, None))
    began = MailRequest("b", 0.1, BEGAN, summary, 9, "ada", array=ArrayPlace(9, None))
    other = MailRequest("c", 0.2, BEGAN, MailScope.ARRAY_TASK, 9, "ada", array=ArrayPlace(9, 1))
    assert in_order([ended, began, other]) == [began, ended, other]
