from __future__ import annotations

from headgate.bots.questions import Questions


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_question_is_answered_by_its_token_once() -> None:
    questions = Questions(clock=Clock())
    token = questions.ask("U1", "job 5")
    assert questions.answered("U1", "job 5", token)
    assert not questions.answered("U1", "job 5", token)


def test_a_token_of_somebody_else_or_about_something_else_answers_nothing() -> None:
    questions = Questions(clock=Clock())
    token = questions.ask("U1", "job 5")
    assert not questions.answered("U2", "job 5", token)
    assert not questions.answered("U1", "job 6", token)


def test_a_wrong_token_closes_the_question() -> None:
    questions = Questions(clock=Clock())
    token = questions.ask("U1", "job 5")
    assert not questions.answered("U1", "job 5", "0000")
    assert not questions.answered("U1", "job 5", token)


def test_a_question_is_open_for_its_lifetime() -> None:
    clock = Clock()
    questions = Questions(120, clock=clock)
    token = questions.ask("U1", "job 5")
    clock.now = 120.0
    assert not questions.answered("U1", "job 5", token)


def test_the_last_question_counts() -> None:
    questions = Questions(clock=Clock())
    first, second = questions.ask("U1", "job 5"), questions.ask("U1", "job 6")
    assert questions.answered("U1", "job 6", second)
    assert not questions.answered("U1", "job 5", first)


def test_memory_is_bounded() -> None:
    questions = Questions(clock=Clock())
    for number in range(3000):
        questions.ask(f"U{number}", "job")
    assert len(questions._asked) == 1000
