from __future__ import annotations

import pytest

from headgate.connectors.apprise.report import Report, Trouble, outcome_of_report, read_report
from headgate.errors import ConnectorError
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, GiveUp, TryAgain


@pytest.mark.parametrize(
    "report",
    [Report(delivered=True), Report(False, 429, "7", None, "slow\ndown"), Report(False, trouble=Trouble.TIMEOUT)],
    ids=["delivered", "refused", "silent"],
)
def test_a_report_is_a_line_that_can_be_read(report: Report) -> None:
    assert report.written().count(b"\n") == 1
    assert read_report(report.written()) == report


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"{}", b'{"delivered": 1}', b"ready\n"], ids=repr)
def test_what_is_no_report_is_said(line: bytes) -> None:
    with pytest.raises(ConnectorError):
        read_report(line)


def outcome(report: Report) -> object:
    result = outcome_of_report(report, after=7.0 if report.after else None, hide=str)
    return result if isinstance(result, Delivered) else (type(result), result.reason)


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (Report(delivered=True), Delivered()),
        (Report(False, 404), (GiveUp, Reason.TARGET_REFUSED)),
        (Report(False, 400), (GiveUp, Reason.MESSAGE_REFUSED)),
        (Report(False, 401), (TryAgain, Reason.NOT_AUTHORISED)),
        (Report(False, 503), (TryAgain, Reason.SERVICE_ERROR)),
        (Report(False, 429, "7"), (TryAgain, Reason.RATE_LIMITED)),
        (Report(False, 200), (TryAgain, Reason.SERVICE_ERROR)),
        (Report(False), (TryAgain, Reason.SERVICE_ERROR)),
        (Report(False, trouble=Trouble.TIMEOUT), (TryAgain, Reason.TIMEOUT)),
        (Report(False, trouble=Trouble.UNREACHABLE), (TryAgain, Reason.UNREACHABLE)),
        (Report(False, trouble=Trouble.NONSENSE), (TryAgain, Reason.BAD_ANSWER)),
    ],
    ids=str,
)
def test_a_report_means_something_for_the_message(report: Report, expected: object) -> None:
    assert outcome(report) == expected
