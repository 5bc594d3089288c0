from __future__ import annotations

from dataclasses import replace

from scripts.demo import show_chats
from scripts.demo.got import Got
from scripts.demo.play import IN_EVERY_CHAT
from tests.scripts.demo.test_show import recording


def test_each_receiver_of_a_job_stands_in_a_line_of_its_own() -> None:
    out = recording()
    job = replace(IN_EVERY_CHAT, options=("--mem=2G", "--mail-user=slack:C1,matrix:!room:example.org"))
    show_chats.submission(out, 7, job)
    lines = out.export_text().splitlines()
    assert lines[0].endswith("--mem=2G \\")
    assert [line.strip() for line in lines[1:3]] == ["--mail-user=slack:C1,", "matrix:!room:example.org"]
    assert lines[1].index("slack") == lines[2].index("matrix")


def test_what_services_and_bots_say_is_shown_as_text() -> None:
    out = recording()
    keyboard = {"inline_keyboard": [[{"text": "Mute\x1b[2J"}]]}
    show_chats.messages(out, [Got("telegram", "[red]x", {"text": "[bold]a", "reply_markup": keyboard})])
    show_chats.talk(out, "ada", "jobs", "none\x1b[2J\n\n[red]x")
    text = out.export_text()
    assert "[red]x" in text
    assert "[bold]a" in text
    assert "Mute" in text
    assert "\x1b" not in text


def test_a_long_target_is_cut_in_the_table() -> None:
    out = recording()
    show_chats.messages(out, [Got("telegram", "x" * 40, {"text": "Started"})])
    assert f"{'x' * 15}…" in out.export_text()
