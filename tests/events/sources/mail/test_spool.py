from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from headgate.errors import NotFoundError, RecordError, SpoolError
from headgate.events.sources.mail import spool as spool_module
from headgate.events.sources.mail.headgate_mailprog import record
from headgate.events.sources.mail.record import parse_record
from headgate.events.sources.mail.record_file import MAX_BYTES
from headgate.events.sources.mail.spool import Leftovers, MailSpool
from tests.events.sources.mail.conftest import HandOff


@pytest.fixture
def mails(tmp_path: Path) -> MailSpool:
    (tmp_path / "spool").mkdir(mode=0o770)
    return MailSpool(tmp_path / "spool")


def name(number: int) -> str:
    return f"{number:017d}-1-00000000.mail"


def put(mails: MailSpool, number: int, data: bytes = b"data") -> str:
    (mails.path / name(number)).write_bytes(data)
    return name(number)


def put_part(mails: MailSpool, number: int, data: bytes, *, age: float) -> Path:
    path = mails.path / f".{name(number)}.part"
    path.write_bytes(data)
    os.utime(path, (time.time() - age,) * 2)
    return path


def pending(mails: MailSpool, limit: int = 10) -> list[str]:
    return [one.name for one in mails.pending(limit)]


def whys(mails: MailSpool) -> list[str]:
    return [one.why for one in mails.aside()]


def test_what_the_program_hands_off_is_pending(hand_off: HandOff) -> None:
    hand_off.call("-s", "Slurm Job_id=5 Name=x Began", "alice")
    (one,) = MailSpool(hand_off.spool).pending(10)
    assert parse_record(one.data, name=one.name).argv[2:] == ("Slurm Job_id=5 Name=x Began", "alice")


def test_oldest_first_and_no_more_than_the_limit(mails: MailSpool) -> None:
    for number in (3, 1, 2, 5, 4):
        put(mails, number)
    assert pending(mails, 3) == [name(1), name(2), name(3)]
    assert mails.count() == 5


def test_the_same_again_until_removed(mails: MailSpool) -> None:
    for number in range(5):
        put(mails, number)
    assert pending(mails, 2) == pending(mails, 2) == [name(0), name(1)]
    mails.remove([name(0), name(1)])
    assert pending(mails, 2) == [name(2), name(3)]


def test_a_new_mail_is_seen_though_older_ones_stay(mails: MailSpool) -> None:
    put(mails, 1)
    assert pending(mails) == [name(1)]
    put(mails, 2)
    assert pending(mails) == [name(1), name(2)]


def test_a_long_backlog_is_drained_whole_and_in_order(mails: MailSpool) -> None:
    for number in range(250):
        put(mails, number)
    seen = []
    while batch := pending(mails, 40):
        seen += batch
        mails.remove(batch)
    assert seen == [name(number) for number in range(250)]


def test_what_another_headgate_took_is_passed_over(mails: MailSpool) -> None:
    for number in range(4):
        put(mails, number)
    assert pending(mails, 2) == [name(0), name(1)]
    MailSpool(mails.path).remove([name(0)])
    assert pending(mails, 2) == [name(1), name(2)]
    mails.remove([name(0)])


def test_hidden_files_are_not_records(mails: MailSpool) -> None:
    put_part(mails, 1, b"half", age=0)
    assert pending(mails) == []
    assert mails.count() == 0
    assert mails.aside() == []


def test_only_so_many_bytes_are_held_at_once(mails: MailSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_module, "MAX_HELD", 10)
    for number in range(4):
        put(mails, number, b"12345678")
    assert pending(mails) == [name(0), name(1)]


def test_a_link_is_never_followed(mails: MailSpool, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (mails.path / name(1)).symlink_to(secret)
    assert pending(mails) == []
    assert whys(mails) == ["it is a symbolic link"]
    with pytest.raises(RecordError, match="symbolic link"):
        mails.read(name(1))
    mails.drop(name(1))
    assert secret.read_text() == "secret"


def test_a_directory_a_pipe_and_a_giant_are_set_aside_and_others_read(mails: MailSpool) -> None:
    (mails.path / name(1)).mkdir()
    os.mkfifo(mails.path / name(2))
    put(mails, 3, b"x" * (MAX_BYTES + 1))
    put(mails, 4)
    assert pending(mails, 1) == [name(4)]
    assert whys(mails) == [
        "it is a directory", "it is not a regular file", f"it is larger than {MAX_BYTES} bytes",
    ]  # fmt: skip
    for one in mails.aside():
        mails.drop(one.name)
    assert list((mails.path / "unreadable").iterdir()) == []


@pytest.mark.parametrize("odd", [b"mail.txt", b"\xff\n", b"00000000000000001-1-00000000.mail.why", b"x" * 255])
def test_a_file_of_another_name_is_kept_under_a_proper_one(mails: MailSpool, odd: bytes) -> None:
    (mails.path / os.fsdecode(odd)).write_bytes(b"content")
    assert pending(mails) == []
    (kept,) = mails.aside()
    assert "does not give such a name" in kept.why
    kept.why.encode("ascii")
    assert mails.read(kept.name).data == b"content"


def test_set_aside_is_visible_and_keeps_every_byte(mails: MailSpool) -> None:
    put(mails, 1, b"\0\xff")
    mails.set_aside(name(1), "not a record\n\N{SNOWMAN}")
    (kept,) = mails.aside()
    assert (kept.name, kept.why, kept.size) == (name(1), "not a record\n\N{SNOWMAN}", 2)
    assert abs(kept.time - time.time()) < 60
    assert mails.read(name(1)).data == b"\0\xff"
    assert pending(mails) == []
    assert stat.S_IMODE((mails.path / "unreadable").stat().st_mode) == 0o2770


def test_set_aside_never_overwrites(mails: MailSpool) -> None:
    for content in (b"first", b"second"):
        put(mails, 1, content)
        mails.set_aside(name(1), "bad")
    assert sorted(mails.read(one.name).data for one in mails.aside()) == [b"first", b"second"]


def test_setting_aside_what_is_gone_is_no_error(mails: MailSpool) -> None:
    mails.set_aside(name(1), "bad")
    assert mails.aside() == []


def test_what_cannot_be_moved_holds_up_nothing(mails: MailSpool, tmp_path: Path) -> None:
    (mails.path / "unreadable").symlink_to(tmp_path)
    (mails.path / name(1)).mkdir()
    put(mails, 2)
    put(mails, 3, b"bad")
    assert pending(mails) == [name(2), name(3)]
    with pytest.raises(SpoolError, match="not a directory"):
        mails.set_aside(name(3), "bad")
    assert pending(mails) == [name(2)]
    (mails.path / "unreadable").unlink()
    mails.tidy()
    assert pending(mails) == [name(2), name(3)]
    assert whys(mails) == ["it is a directory"]


def test_retry_puts_it_back(mails: MailSpool) -> None:
    put(mails, 1)
    mails.set_aside(name(1), "bad")
    mails.retry(name(1))
    assert mails.aside() == []
    assert pending(mails) == [name(1)]
    assert list((mails.path / "unreadable").iterdir()) == []


def test_retry_is_refused_for_what_is_no_file_and_where_one_waits(mails: MailSpool) -> None:
    (mails.path / name(1)).mkdir()
    pending(mails)
    with pytest.raises(SpoolError, match="not a file"):
        mails.retry(name(1))
    put(mails, 2)
    mails.set_aside(name(2), "bad")
    put(mails, 2)
    with pytest.raises(SpoolError, match="in the spool"):
        mails.retry(name(2))


def test_drop_deletes_it_and_its_reason(mails: MailSpool) -> None:
    put(mails, 1)
    mails.set_aside(name(1), "bad")
    mails.drop(name(1))
    assert mails.aside() == []
    assert list((mails.path / "unreadable").iterdir()) == []


@pytest.mark.parametrize("wrong", ["", "x", "../spool", name(9), f"../{name(1)}", f"{name(1)}.why", "a\0b"])
def test_a_name_that_is_not_there_is_not_found(mails: MailSpool, wrong: str) -> None:
    put(mails, 1)
    for act in (mails.retry, mails.drop, mails.read):
        with pytest.raises(NotFoundError):
            act(wrong)
    assert pending(mails) == [name(1)]


def test_a_hand_off_that_died_after_writing_everything_is_adopted(mails: MailSpool) -> None:
    whole = record(1, [b"mail", b"-s", b"x", b"a"], {})
    put_part(mails, 1, whole, age=7200)
    assert mails.tidy() == Leftovers(adopted=1)
    assert [(one.name, one.data) for one in mails.pending(5)] == [(name(1), whole)]


def test_a_hand_off_that_died_half_way_is_set_aside_and_an_empty_one_removed(mails: MailSpool) -> None:
    put_part(mails, 1, record(1, [b"mail", b"-s", b"x", b"a"], {})[:-9], age=7200)
    put_part(mails, 2, b"", age=7200)
    assert mails.tidy() == Leftovers(set_aside=1, removed=1)
    (kept,) = mails.aside()
    assert kept.why.startswith("its hand-off died: the record is cut off")
    assert [path.name for path in mails.path.iterdir()] == ["unreadable"]


def test_a_hand_off_at_work_is_left_alone(mails: MailSpool) -> None:
    path = put_part(mails, 1, b"", age=10)
    (mails.path / ".somebody-elses").write_text("")
    os.utime(mails.path / ".somebody-elses", (0, 0))
    assert mails.tidy() == Leftovers()
    assert path.exists()
    assert (mails.path / ".somebody-elses").exists()


def test_pending_looks_for_dead_hand_offs_by_itself(mails: MailSpool) -> None:
    put_part(mails, 1, record(1, [b"mail"], {}), age=7200)
    assert pending(mails) == [name(1)]


def test_a_spool_that_does_not_exist_says_what_to_do(tmp_path: Path) -> None:
    for act in (lambda spool: spool.pending(1), MailSpool.count, MailSpool.names, MailSpool.tidy):
        with pytest.raises(SpoolError, match="headgate mailprog install --spool"):
            act(MailSpool(tmp_path / "missing"))
    assert MailSpool(tmp_path / "missing").aside() == []


def test_a_file_in_the_place_of_the_spool_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SpoolError, match="Not a directory"):
        MailSpool(tmp_path / "file").pending(1)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody who may not read")
def test_a_spool_that_may_not_be_read_says_what_to_do(open_directory: Path) -> None:
    (open_directory / "spool").mkdir(mode=0o700)
    child = os.fork()
    if child == 0:
        os.setuid(65534)
        try:
            MailSpool(open_directory / "spool").pending(1)
        except SpoolError as error:
            os._exit(0 if "must be in the directory's group" in error.message else 2)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_spool_open_to_anybody_is_refused(mails: MailSpool) -> None:
    put(mails, 1)
    mails.path.chmod(0o777)
    with pytest.raises(SpoolError, match="anybody may write"):
        mails.pending(1)
