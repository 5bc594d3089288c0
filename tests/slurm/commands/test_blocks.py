from __future__ import annotations

from headgate.slurm.commands import blocks, reservations

TEXT = """\
ReservationName=r3 StartTime=1795934672 EndTime=1795941872 Duration=02:00:00
   Nodes=n[3-4] NodeCnt=2 CoreCnt=32 Features=(null) PartitionName=(null) Flags=DAILY,SPEC_NODES
   TRES=cpu=16
   AllowedPartitions=(null) QOS=(null)
   Users=(null) Groups=(null) Accounts=physics Licenses=(null) State=INACTIVE BurstBuffer=(null)
   MaxStartDelay=(null)
   Comment=a=b "x" Users=root
   Nodes=n1
ReservationName=r4 StartTime=1
   Users=eve

ReservationName=r4 StartTime=1795934672 EndTime=1795934673 Duration=00:00:01
   Nodes=n1 NodeCnt=1 CoreCnt=16 Features=(null) PartitionName=main Flags=
   Users=ada,ben Groups=(null) Accounts=(null) Licenses=(null) State=ACTIVE BurstBuffer=(null)

"""


def test_comment_is_last_and_changes_nothing_of_its_own_record() -> None:
    made = reservations.parse(TEXT)["r3"]
    assert made.nodes == ("n3", "n4")
    assert (made.start, made.end, made.state) == (1795934672.0, 1795941872.0, "INACTIVE")
    assert (made.users, made.accounts, made.flags) == ((), ("physics",), ("DAILY", "SPEC_NODES"))
    assert made.comment == 'a=b "x" Users=root\n   Nodes=n1'


def test_nothing_is_there() -> None:
    assert reservations.parse("No reservations in the system\n") == {}
    assert blocks.parse("", "PartitionName") == {}


def test_lists_and_texts() -> None:
    assert blocks.items("(null)") == blocks.items("N/A") == blocks.items("") == []
    assert blocks.items("a,b") == ["a", "b"]
    assert (blocks.plain("(null)"), blocks.plain("main")) == ("", "main")
