from __future__ import annotations

from pathlib import Path

from headgate.errors import NotFoundError
from headgate.events.sources.mail.spool import MailSpool
from tests.cli.spool.conftest import BAD, GOOD, STRANGE, as_json, run


def test_retry_by_name_and_all(path: Path) -> None:
    assert as_json(path, "retry", BAD) == {"retried": [BAD]}
    assert MailSpool(path).names() == [GOOD, BAD]
    assert "1 retried" in run(path, "retry", "--all").output
    assert MailSpool(path).names() == [GOOD, BAD, STRANGE]
    assert MailSpool(path).aside() == []


def test_retry_wants_to_know_which(path: Path) -> None:
    assert run(path, "retry").exit_code == 2
    assert run(path, "retry", BAD, "--all").exit_code == 2
    assert len(MailSpool(path).aside()) == 2


def test_drop_deletes(path: Path) -> None:
    assert as_json(path, "drop", BAD) == {"dropped": [BAD]}
    assert [one.name for one in MailSpool(path).aside()] == [STRANGE]
    assert run(path, "drop").exit_code == 2


def test_drop_does_not_touch_what_waits(path: Path) -> None:
    assert isinstance(run(path, "drop", GOOD).exception, NotFoundError)
    assert MailSpool(path).names() == [GOOD]
