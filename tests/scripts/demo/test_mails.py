from __future__ import annotations

from pathlib import Path

from scripts.demo.mails import MailBox, about, as_seen, read_mail

RAW = (
    b"From: Cluster demo <slurm@example.org>\r\nTo: ada@example.org\r\n"
    b"Subject: =?utf-8?q?Failed=3A_job_7_=22z=C3=A4h=22?=\r\n"
    b"X-Headgate-Outcome: failed\r\nX-Headgate-Job: demo/7_*/ada\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/alternative; boundary="b"\r\n\r\n'
    b"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"It ran for 3=\r\n s.\r\n--=20\r\n\r\n"
    b"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>It ran</p>\r\n--b--\r\n"
)


def test_a_mail_is_read_as_a_mail_program_reads_it() -> None:
    mail = read_mail(RAW)
    assert (mail.to, mail.subject, mail.outcome, mail.job) == ("ada@example.org", 'Failed: job 7 "zäh"', "failed", 7)
    assert "It ran for 3 s." in mail.text
    assert "<p>It ran</p>" in mail.html


def test_a_person_sees_decoded_headers_and_the_text() -> None:
    seen = as_seen(read_mail(RAW))
    assert seen.startswith(
        "From:    Cluster demo <slurm@example.org>\nTo:      ada@example.org\nSubject: Failed: job 7"
    )
    assert seen.endswith("\n\nIt ran for 3 s.\n--")


def test_a_mail_about_no_job_is_about_none() -> None:
    mail = read_mail(b"To: ada@example.org\r\nSubject: 3 messages\r\n\r\nhello\r\n")
    assert mail.job is None
    assert about([mail], 7) == []


def test_a_mail_box_gives_the_mails_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    box = MailBox(tmp_path)
    assert box.mails() == []
    (tmp_path / "2.eml").write_bytes(RAW)
    (tmp_path / ".3").write_bytes(b"half")
    assert [mail.job for mail in box.mails()] == [7]
    (tmp_path / "1.eml").write_bytes(RAW.replace(b"demo/7_*", b"demo/6"))
    assert [mail.job for mail in box.mails()] == [6, 7]
