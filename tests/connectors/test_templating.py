"""A site's own templates for chats: their text, our escaping."""

from __future__ import annotations

from html import escape
from pathlib import Path

import pytest

from headgate.connectors.samples import ARRAY, DIGEST, FAILED, STARTED
from headgate.connectors.templating import SiteTemplates
from headgate.errors import ConnectorError
from headgate.model.message import Message, Outcome


def templates(directory: Path, **files: str) -> SiteTemplates:
    for name, text in files.items():
        (directory / f"{name.replace('_', '-')}.j2").write_text(text)
    return SiteTemplates(directory, escape)


def test_without_templates_the_connector_decides() -> None:
    assert SiteTemplates(None, escape).body(FAILED, target="x") is None


def test_the_template_of_the_outcome_goes_before_the_one_for_all(tmp_path: Path) -> None:
    site = templates(tmp_path, failed="F {{ message.job.job_id }}", message="M", digest="D {{ message.digest|length }}")
    assert site.body(FAILED, target="x") == "F 1051492"
    assert site.body(STARTED, target="x") == "M"
    assert site.body(DIGEST, target="x") == "D 9"


def test_an_outcome_of_two_words_has_a_dash_in_its_file(tmp_path: Path) -> None:
    site = templates(tmp_path, timed_out="T")
    assert site.body(Message(title="t", outcome=Outcome.TIMED_OUT, time=0), target="x") == "T"
    assert site.body(FAILED, target="x") is None


def test_what_a_template_shows_is_escaped_and_what_it_says_is_not(tmp_path: Path) -> None:
    site = templates(tmp_path, message="<b>{{ message.title }}</b>{{ '<i>' }}{{ '<i>' ~ message.title }}")
    body = site.body(Message(title="<x> & y", outcome=Outcome.FAILED, time=0), target="x")
    assert body == "<b>&lt;x&gt; &amp; y</b>&lt;i&gt;&lt;i&gt;&lt;x&gt; &amp; y"


def test_goslmailers_fields_have_their_names(tmp_path: Path) -> None:
    text = (
        "{{ Job.MailSubject }} {{ Job.SlurmEnvironment.SLURM_JOB_NAME }} {{ Job.SLURM_JOB_NAME }} "
        "{{ Job.JobStats.MaxRSS | humanBytes }} {{ UserID }} {{ Created }}{{ Job.JobStats.UserCPU }}"
        "{% for hint in Job.Hints %} {{ hint }}{% endfor %}"
    )
    fields: dict[str, str | int | float | None] = {
        "MailSubject": "Job 5", "SLURM_JOB_NAME": "a<b", "MaxRSS": 3 * 1024**3, "Created": "today",
    }  # fmt: skip
    message = Message(title="t", outcome=Outcome.FAILED, time=0, hints=("less",), fields=fields)
    assert templates(tmp_path, message=text).body(message, target="U1") == "Job 5 a&lt;b a&lt;b 3 GiB U1 today less"


@pytest.mark.parametrize(
    "text",
    [
        "{{ message.title",
        "{% include 'other' %}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ message.title.nothing() }}",
        "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}",
    ],
    ids=["no end", "another file", "into python", "a call of nothing", "a call of itself"],
)
def test_a_template_that_cannot_be_used_is_found_at_start_and_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConnectorError, match=r"failed\.j2"):
        templates(tmp_path, failed=text)


def test_a_template_that_fails_on_one_message_leaves_it_to_the_connector(tmp_path: Path) -> None:
    site = templates(
        tmp_path, message="{{ 1 // (message.facts|length + message.digest|length + message.hints|length) }}"
    )
    assert site.body(ARRAY, target="x") is not None
    assert site.body(Message(title="t", outcome=Outcome.FAILED, time=0), target="x") is None


@pytest.mark.parametrize("by", ["e", "escape", "forceescape", "tojson", "xmlattr"])
def test_no_filter_for_html_spares_the_escaping_for_the_service(tmp_path: Path, by: str) -> None:
    shown = "{'x': message.title}" if by == "xmlattr" else "message.title"
    (tmp_path / "message.j2").write_text(f"{{{{ {shown} | {by} }}}}")
    site = SiteTemplates(tmp_path, lambda text: text.replace("@", "(at)"))
    assert "@" not in (site.body(Message(title="@all", outcome=Outcome.FAILED, time=0), target="x") or "")


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConnectorError, match="is no directory"):
        SiteTemplates(tmp_path / "none", escape)
