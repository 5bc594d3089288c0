from __future__ import annotations

from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default as modern

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.connectors.bounds import Bounds, within
from headgate.connectors.mailto.mail import Mail, Sender, compose
from headgate.connectors.samples import DIGEST, FAILED
from headgate.model.message import JobIdentity, Message, Outcome
from headgate.testing.conformance.hostile import HOSTILE, hostile_message

SENDER = Sender(address="slurm@hpc.example.org", name="Slurm", list_id="headgate.hpc.example.org")
HEADERS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "List-Id",
    "X-Headgate-Outcome",
    "X-Headgate-Job",
    "MIME-Version",
    "Content-Type",
]


def mail_of(message: Message = FAILED, **changes: object) -> Mail:
    """Make a mail, with parts that can be told apart."""
    given_ = {"target": "ada@example.org", "key": "d-1", "sender": SENDER, "text": "plain\n", "html": "<p>html</p>\n"}
    return compose(message, **{**given_, **changes})  # type: ignore[arg-type]


def parsed(mail: Mail) -> EmailMessage:
    """Read a mail as a mail program does."""
    return BytesParser(EmailMessage, policy=modern).parsebytes(mail.content)


def test_the_headers_of_a_mail() -> None:
    message = parsed(mail_of())
    assert message.keys() == HEADERS
    assert message["From"] == "Slurm <slurm@hpc.example.org>"
    assert message["To"] == "ada@example.org"
    assert message["Subject"] == 'Failed (exit code 2): job 1051492 "train_model"'
    assert message["Date"] == "Sat, 21 Nov 2026 03:43:02 +0000"
    assert message["Message-ID"] == "<d-1@hpc.example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Id"] == "<headgate.hpc.example.org>"
    assert message["X-Headgate-Job"] == "dev/1051492/ada"
    assert message["X-Headgate-Outcome"] == "failed"


def test_both_parts_come_back_as_they_were_given() -> None:
    text = "\u00e4 = 1\n.\nFrom me \n\n" + "x" * 5000 + "\n"
    message = parsed(mail_of(text=text, html=f"<p>{text}</p>\n"))
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().replace("\r\n", "\n") == text
    assert html.get_content().replace("\r\n", "\n") == f"<p>{text}</p>\n"
    assert message.get_content_type() == "multipart/alternative"


def test_the_same_message_gives_the_same_bytes() -> None:
    assert mail_of() == mail_of()
    assert mail_of(key="d-2").message_id != mail_of().message_id


def test_the_mails_of_a_job_and_of_its_tasks_are_one_conversation() -> None:
    def root(job_id: str, user: str = "ada") -> object:
        job = JobIdentity(cluster="dev", job_id=job_id, name="n", user=user)
        return parsed(mail_of(FAILED.model_copy(update={"job": job})))["References"]

    assert root("17") == root("17_4") == root("17+0")
    assert len({root("17"), root("18"), root("17", "bob")}) == 3
    assert parsed(mail_of(sender=Sender(address="a@b.c", threads=False)))["References"] is None
    assert parsed(mail_of(DIGEST))["References"] is None


def test_optional_headers() -> None:
    sender = Sender(
        address="a@example.org", name='J\u00f6rg "x" <y>', reply_to="help@example.org", subject_prefix="[hpc] "
    )
    message = parsed(mail_of(sender=sender))
    assert message["From"].addresses[0].display_name == 'J\u00f6rg "x" <y>'
    assert message["From"].addresses[0].addr_spec == "a@example.org"
    assert message["Reply-To"] == "help@example.org"
    assert message["List-Id"] is None
    assert str(message["Subject"]).startswith("[hpc] Failed")


@pytest.mark.parametrize("name", ['a "b" \\ c', "Slurm, the scheduler", "=?utf-8?q?x?=", "\u0434\u0430"])
def test_a_name_never_becomes_another_address(name: str) -> None:
    message = parsed(mail_of(sender=Sender(address="a@example.org", name=name)))
    assert [address.addr_spec for address in message["From"].addresses] == ["a@example.org"]
    assert message["From"].addresses[0].display_name == name


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_adds_no_header_and_breaks_no_rule(name: str) -> None:
    check(within(hostile_message(HOSTILE[name]), Bounds()))


@given(st.text(max_size=400))
def test_no_title_adds_a_header_or_breaks_a_rule(title: str) -> None:
    job = JobIdentity(cluster=title, job_id=title, name=title, user=title)
    message = check(within(Message(title=title, outcome=Outcome.FAILED, time=0, job=job), Bounds()))
    assert not str(message["Subject"]).startswith(("\r", "\n"))


def check(bounded: Message) -> EmailMessage:
    """Fail unless the mail has exactly the headers it should, and keeps RFC 5322's and RFC 2047's limits."""
    mail = mail_of(bounded, text=bounded.summary, html=bounded.summary)
    message = parsed(mail)
    assert message.keys() == HEADERS
    assert not message.defects
    assert str(message["Subject"]).strip() == mail.subject.strip()
    assert b"\r" not in mail.content.replace(b"\r\n", b"")
    assert b"\n" not in mail.content.replace(b"\r\n", b"")
    assert mail.content.isascii()
    assert max(len(line) for line in mail.content.split(b"\r\n")) <= 998
    assert all(len(word) <= 75 for word in mail.content.split(b"\r\n\r\n")[0].split() if word.startswith(b"=?"))
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    return message


def test_an_address_beyond_ascii_asks_for_smtputf8() -> None:
    mail = mail_of(target="j\u00f6rg@example.org")
    assert mail.utf8
    assert b"To: j\xc3\xb6rg@example.org\r\n" in mail.content
    assert not mail_of().utf8
