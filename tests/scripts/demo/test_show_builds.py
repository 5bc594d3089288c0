from __future__ import annotations

from scripts.demo.fourth_act import rows
from scripts.demo.show_builds import new_lines

FIRST = """\
New job on instance `demo-bot` for repository `EESSI`
|date|job status|comment|
|----------|----------|------------------------|
|Nov 20 23:58:08 UTC 2026|submitted|job id `1` awaits release by job manager|"""
ROW = "|Nov 20 23:58:09 UTC 2026|running|job `1` is running|"


def test_of_a_comment_that_grew_the_new_rows_are_shown() -> None:
    assert new_lines(FIRST, f"{FIRST}\n{ROW}") == [ROW]


def test_of_a_comment_that_is_new_or_another_all_is_shown_but_what_nobody_sees() -> None:
    assert new_lines("", FIRST) == FIRST.splitlines()
    assert new_lines("- received", "- received\n- done\n<!-- headgate answer 1 -->") == ["- done"]
    assert new_lines("- received\n<!-- x -->", "- received\n- done\n<!-- x -->") == ["- received", "- done"]


def test_the_rows_of_a_comment_are_found_and_not_the_tables_head() -> None:
    assert rows(f"{FIRST}\n{ROW}") == ["submitted", "running"]
