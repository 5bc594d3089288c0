"""A job's comment, to the letter: other programs read it and append to it."""

from __future__ import annotations

import pytest

from headgate.builds.texts import JobFacts, append, job_comment, read_job_comment, rows, status_row, status_table
from headgate.builds.texts.status import StatusRow, result_of
from headgate.config.builds import BuildTexts

TEXTS = BuildTexts()
TIME = 1795219088
FACTS = JobFacts(
    instance="my-bot",
    repository="r1",
    on_architecture="x86_64/amd/zen2",
    on_accelerator="",
    architecture="x86_64/amd/zen2",
    accelerator="nvidia/cc80",
    symlink="/jobs/2026.11/o/r/pr_12/4711",
    commit="0123456789abcdef0123456789abcdef01234567",
)
NEW = """\
New job on instance `my-bot` for repository `r1`
Building on: `amd-zen2`
Building for: `x86_64/amd/zen2`&nbsp;and accelerator `nvidia/cc80`
Job dir: `/jobs/2026.11/o/r/pr_12/4711`
Commit SHA: `0123456789abcdef0123456789abcdef01234567`
|date|job status|comment|
|----------|----------|------------------------|
|Nov 20 23:58:08 UTC 2026|submitted|job id `4711` awaits release by job manager|"""
UNKNOWN = (
    "<details><summary>:shrug: UNKNOWN _(click triangle for details)_</summary><ul><li>Job {what} file "
    "`_bot_job4711.{suffix}` does not exist in job directory, or parsing it failed.</li></ul></details>"
)
ROWS = {
    "submitted|job id `4711` awaits release by job manager": rows.submitted(TEXTS, TIME, 4711),
    "submitted|job id `4711` will be eligible to start in about 120 seconds": rows.submitted(
        TEXTS, TIME, 4711, delay=120
    ),
    "released|job awaits launch by Slurm scheduler": rows.released(TEXTS, TIME),
    "received|job awaits launch by Slurm scheduler": rows.received(TEXTS, TIME),
    "received|job awaits launch by Slurm scheduler (eligible to start from Nov 21 00:00:08 UTC 2026)": rows.received(
        TEXTS, TIME, TIME + 120
    ),
    "pending|job `4711` has waited for 2 h: Resources&#58; it waits": rows.pending(
        TIME, 4711, "2 h", "Resources: it waits"
    ),
    "running|job `4711` is running": rows.running(TEXTS, TIME, 4711),
    "finished|:grin: SUCCESS": rows.finished(TEXTS, TIME, 4711, ":grin: SUCCESS"),
    "finished|" + UNKNOWN.format(what="results", suffix="result"): rows.finished(TEXTS, TIME, 4711, None),
    "test result|:grin: SUCCESS": rows.tested(TEXTS, TIME, 4711, ":grin: SUCCESS"),
    "test result|" + UNKNOWN.format(what="test", suffix="test"): rows.tested(TEXTS, TIME, 4711, None),
    "finished|job id `4711` was cancelled": rows.cancelled(TIME, 4711),
    "uploaded|transfer of `a-1.tar.gz` to S3 bucket succeeded": rows.uploaded(TIME, "a-1.tar.gz"),
    "not uploaded|transfer of `a-1.tar.gz` to S3 bucket failed": rows.not_uploaded(TIME, "a-1.tar.gz"),
    "not uploaded|transfer of `a-1.tar.gz` to S3 bucket failed (no bucket specified for r1)": rows.not_uploaded(
        TIME, "a-1.tar.gz", "no bucket specified for r1"
    ),
}


def test_a_new_jobs_comment() -> None:
    assert job_comment(TEXTS, FACTS, [rows.submitted(TEXTS, TIME, 4711)]) == NEW


@pytest.mark.parametrize(("text", "row"), ROWS.items(), ids=list(ROWS))
def test_a_row(text: str, row: rows.Row) -> None:
    assert str(row) == f"|Nov 20 23:58:08 UTC 2026|{text}|"


def test_rows_go_below_what_others_wrote() -> None:
    body = NEW + "\n|Nov 21 00:00:00 UTC 2026|staged|by somebody else|\n"
    assert append(body, [rows.running(TEXTS, TIME + 300, 4711)]) == (
        NEW
        + "\n|Nov 21 00:00:00 UTC 2026|staged|by somebody else|"
        + "\n|Nov 21 00:03:08 UTC 2026|running|job `4711` is running|"
    )


def test_no_rows_change_nothing() -> None:
    assert append(NEW + "\n", []) == NEW + "\n"


def test_a_comment_is_read_back_with_windows_line_ends_too() -> None:
    body = append(NEW, [rows.finished(TEXTS, TIME + 300, 4711, ":cry: FAILURE")]).replace("\n", "\r\n")
    found = read_job_comment(TEXTS, body)
    assert found
    assert (found.instance, found.repository, found.on, found.architecture) == (
        "my-bot",
        "r1",
        "amd-zen2",
        FACTS.architecture,
    )
    assert (found.on_accelerator, found.accelerator) == ("", "nvidia/cc80")
    assert (found.symlink, found.commit) == (FACTS.symlink, FACTS.commit)
    assert [(row.time, row.status) for row in found.rows] == [(TIME, "submitted"), (TIME + 300, "finished")]


def test_an_older_instances_comment_has_no_commit() -> None:
    found = read_job_comment(TEXTS, NEW.replace(f"Commit SHA: `{FACTS.commit}`\n", ""))
    assert found
    assert found.commit == ""
    assert found.repository == "r1"


@pytest.mark.parametrize("body", ["", "hello", NEW.partition("|date")[0], "|date|job status|comment|\n|x|y|z|"])
def test_another_comment_is_none(body: str) -> None:
    assert read_job_comment(TEXTS, body) is None


def test_other_templates_are_read_by_the_same_templates() -> None:
    texts = BuildTexts(new_job_instance_repo="[{app_name}] (repo: {repo_id})?", jobdir="In {symlink}.")
    found = read_job_comment(texts, job_comment(texts, FACTS, []))
    assert found
    assert (found.instance, found.repository, found.symlink) == ("my-bot", "r1", FACTS.symlink)
    assert read_job_comment(TEXTS, job_comment(texts, FACTS, [])) is None


def test_the_status_table() -> None:
    comment = read_job_comment(
        TEXTS, append(NEW, [rows.finished(TEXTS, TIME + 60, 4711, ":grin: SUCCESS (no FAILURE)")])
    )
    running = read_job_comment(TEXTS, append(NEW, [rows.running(TEXTS, TIME + 70, 4711)]))
    assert comment
    assert running
    table = status_table([status_row(running, "https://x/2"), status_row(comment, "https://x/1")])
    assert table == (
        "This is the status of all the `bot: build` commands:\n"
        "|on|for|repo|result|date|status|url|commit SHA|\n"
        "|----|----|----|----|----|----|----|----|\n"
        "|`amd-zen2`|`x86_64/amd/zen2, nvidia/cc80`|`r1`|SUCCESS|Nov 20 23:59:08 UTC 2026|finished|https://x/1|`0123456789ab`|\n"
        "|`amd-zen2`|`x86_64/amd/zen2, nvidia/cc80`|`r1`||Nov 20 23:59:18 UTC 2026|running|https://x/2|`0123456789ab`|"
    )


def test_last_build_is_the_newest_for_each_target_and_repository() -> None:
    made = [
        StatusRow("zen2", "zen2", "r1", "FAILURE", 10, "finished", "1"),
        StatusRow("zen4", "zen2", "r1", "SUCCESS", 30, "finished", "3"),
        StatusRow("zen2", "zen2", "r1", "FAILURE", 20, "finished", "2"),
        StatusRow("zen2", "zen2", "r2", "FAILURE", 5, "finished", "4"),
    ]
    shown = status_table(made, last_build=True).split("\n")[3:]
    assert [line.split("|")[7] for line in shown] == ["4", "3"]


def test_a_table_shows_the_newest_hundred() -> None:
    made = [StatusRow("a", "b", "r", "SUCCESS", number, "finished", str(number)) for number in range(1, 151)]
    table = status_table(made)
    assert table.endswith("|150||\n\n50 older builds are not shown.")
    assert table.count("finished") == 100


@pytest.mark.parametrize(
    ("comment", "result"),
    [
        (":grin: SUCCESS, no FAILURE", "SUCCESS"),
        (":cry: FAILURE", "FAILURE"),
        (":shrug: UNKNOWN<br/>:cry: FAILURE", "FAILURE"),
        (":shrug: UNKNOWN", "UNKNOWN"),
        ("job id `1` was cancelled", "UNKNOWN"),
    ],
)
def test_the_result_of_a_build(comment: str, result: str) -> None:
    assert result_of(comment) == result
