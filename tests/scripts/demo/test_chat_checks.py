from __future__ import annotations

from typing import Any

from scripts.demo.chat_checks import Told, chat_faults, delivery_faults, mail_faults
from scripts.demo.got import Got
from scripts.demo.play import IN_EVERY_CHAT

TOLD = [Told("telegram", "1001", IN_EVERY_CHAT, 7), Told("matrix", "!room:example.org", IN_EVERY_CHAT, 7)]
STARTED, FAILED = 'Started: job 7 "assemble"', 'Failed (exit code 2): job 7 "assemble"'


def telegram(text: str, target: str = "1001") -> Got:
    return Got("telegram", target, {"text": f"🔵 {text}"})


def matrix(text: str) -> Got:
    return Got("matrix", "!room:example.org", {"body": f"▶ {text}\n\nIt ran"})


GOT = [telegram(STARTED), telegram(FAILED), matrix(STARTED), matrix(FAILED)]


def delivery(state: str = "delivered", attempts: int = 0) -> dict[str, Any]:
    return {"connector": "slack", "target": "C1", "state": state, "attempts": attempts}


def test_nothing_is_wrong_when_each_service_got_the_beginning_and_the_end() -> None:
    assert chat_faults(TOLD, GOT) == []
    assert chat_faults(TOLD, [*GOT, telegram("Your jobs:"), telegram('Started: job 77 "assemble"')]) == []


def test_a_service_that_got_nothing_too_little_or_too_much_is_named() -> None:
    assert "matrix should have got" in chat_faults(TOLD, GOT[:2])[0]
    assert "matrix should have got" in chat_faults(TOLD, GOT[:3])[0]
    (fault,) = chat_faults(TOLD, [*GOT, telegram(FAILED)])
    assert fault.startswith("telegram should have got")


def test_a_wrong_order_outcome_or_target_is_a_fault() -> None:
    assert len(chat_faults(TOLD, [GOT[1], GOT[0], *GOT[2:]])) == 1
    assert len(chat_faults(TOLD, [GOT[0], telegram('Completed: job 7 "assemble"'), *GOT[2:]])) == 1
    (fault,) = chat_faults(TOLD, [GOT[0], telegram(FAILED, "1002"), *GOT[2:]])
    assert fault == "telegram got a message for 1002, not for 1001"


def test_deliveries_are_all_there_and_delivered_at_the_first_try() -> None:
    assert delivery_faults([delivery(), delivery()], 2) == []
    assert delivery_faults([delivery()], 2) == ["1 deliveries in place of 2"]
    assert delivery_faults([delivery("dead")], 1) == ["a delivery to slack:C1 is dead, after 0 failed attempts"]
    assert delivery_faults([delivery(attempts=1)], 1) == [
        "a delivery to slack:C1 is delivered, after 1 failed attempts"
    ]


def test_the_mails_beside_the_chats_say_the_same() -> None:
    assert mail_faults(["started", "failed"]) == []
    assert mail_faults([]) == ["mails should say started, failed, but say nothing"]
