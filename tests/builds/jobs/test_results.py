from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from headgate.builds.jobs.results import Report, parse
from headgate.model.build import BuildResult

SUCCESS, FAILURE, UNKNOWN = BuildResult.SUCCESS, BuildResult.FAILURE, BuildResult.UNKNOWN


@pytest.mark.parametrize(
    ("text", "report"),
    [
        (
            "[RESULT]\ncomment_description = fine\nstatus = SUCCESS\nartefacts =\n    a b.tar.gz\n    c|d.tar.zst\n",
            Report(SUCCESS, "fine", ("a b.tar.gz", "c|d.tar.zst")),
        ),
        (
            "[RESULT]\ncomment_description = 100%% and 5% and %(x)s\nstatus=FAILURE\n",
            Report(FAILURE, "100% and 5% and %(x)s"),
        ),
        (
            "[RESULT]\ncomment_description = a\n  b\nstatus = maybe\nartefacts = one.tar.gz\n",
            Report(UNKNOWN, "a b", ("one.tar.gz",)),
        ),
        ("[RESULT]\ncomment_description =\nstatus = SUCCESS\n", Report(SUCCESS, "")),
        ("[TEST]\ncomment_description = x\nstatus = SUCCESS\n", Report(SUCCESS, "x")),
        ("[RESULT]\nstatus = SUCCESS\n", None),
        ("comment_description = x\n", None),
        ("[RESULT\ncomment_description = x\n", None),
        ("", None),
    ],
)
def test_reports_are_read(text: str, report: Report | None) -> None:
    assert parse(text.encode(), "RESULT") == report


def test_a_test_report_that_is_headed_as_a_result_is_taken() -> None:
    assert parse(b"[RESULT]\ncomment_description = x\nstatus = SUCCESS\n", "TEST") == Report(SUCCESS, "x")


@given(some.binary(max_size=2000) | some.text(max_size=2000).map(lambda text: f"[RESULT]\n{text}".encode()))
@example(b"[RESULT]\ncomment_description = x\n[RESULT]\nstatus: SUCCESS\n\xff")
def test_nothing_a_job_writes_raises(data: bytes) -> None:
    report = parse(data, "RESULT")
    assert report is None or "\n" not in report.description


def test_artefacts_are_bounded() -> None:
    text = "[RESULT]\ncomment_description = x\nartefacts =\n" + "".join(f" a{number}\n" for number in range(5000))
    report = parse(text.encode(), "RESULT")
    assert report is not None
    assert len(report.artefacts) == 200
