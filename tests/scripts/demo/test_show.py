from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from scripts.demo import show
from scripts.demo.mails import Mail
from scripts.demo.play import JOBS


def recording() -> Console:
    return Console(record=True, width=show.WIDTH, file=io.StringIO())


def test_what_is_waited_for_is_said_with_count_names_and_states() -> None:
    jobs = dict(enumerate(JOBS))
    text = show.waiting_for({0: 1, 1: 2}, {0: "RUNNING"}, jobs)
    assert text == f"waiting for 3 mails about {JOBS[0].name} (running), {JOBS[1].name} (?)"


def test_what_is_waited_for_is_cut_to_one_line() -> None:
    out = Console(width=20)
    assert show.in_one_line(out, "waiting for a mail").plain == "waiting for a ma…"
    assert show.in_one_line(out, "waiting").plain == "waiting"


def test_waiting_for_the_time_limit_alone_is_explained() -> None:
    number = next(place for place, job in enumerate(JOBS) if "TIMEOUT" in job.ends)
    assert "no limit under a minute" in show.waiting_for({number: 1}, {}, dict(enumerate(JOBS)))


def test_a_delivery_is_shown_with_its_message_or_what_it_is_about() -> None:
    told = {"id": 1, "connector": "mailto", "target": "ada@example.org", "subject": "job 7", "reason": None}
    dead = {"id": 2, "connector": "matrix", "target": "x", "subject": "job 8", "reason": "unknown_connector"}
    out = recording()
    delivered = {"state": "delivered", "message": {"title": "Started"}}
    show.deliveries(out, [told | delivered, dead | {"state": "dead", "message": None}])
    text = out.export_text()
    assert "mailto:ada@example.org  Started" in text
    assert "(about job 8) unknown_connector" in text


def test_markup_and_control_characters_in_a_mail_are_shown_as_text() -> None:
    mail = Mail("ada", "[red]x", "failed", 1, (("Subject", "[red]x\x1b[2J"),), "[bold]text[/bold]", "")
    out = recording()
    show.mail_in_full(out, mail)
    text = out.export_text()
    assert "[red]x" in text
    assert "[bold]text[/bold]" in text
    assert "\x1b" not in text


def test_each_mail_becomes_a_page_named_after_job_and_outcome(tmp_path: Path) -> None:
    mail = Mail("ada", "", "failed", 7, (), "", "<p>é</p>")
    (page,) = show.write_pages(tmp_path, [mail], {7: JOBS[0]})
    assert page.name == f"{JOBS[0].name}-failed.html"
    assert page.read_text() == "<p>é</p>"
