from __future__ import annotations

from tests.hostile.corpus import CORPUS, FAMILIES


def test_there_are_many_and_no_two_are_the_same() -> None:
    assert len(set(CORPUS)) == len(CORPUS) > 500
    assert all(len(texts) > 5 for texts in FAMILIES.values())
