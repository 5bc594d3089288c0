"""Jobs are found by the directory they were submitted in, and by nothing else in it."""

from __future__ import annotations

import pytest

from headgate.slurm.commands import by_directory

HERE = "/home/ada/headgate/portal/1"


def test_of_what_slurmctld_knows_those_in_the_directory_are_found_oldest_first() -> None:
    text = f"12 1700000300 {HERE}\n11 1700000200 {HERE}\n10 1700000100 {HERE}/below\n9 1600000000 {HERE}\n"
    assert by_directory.read_queue(text, HERE, 1_700_000_000) == [("11", 1_700_000_200), ("12", 1_700_000_300)]


def test_the_tasks_of_an_array_are_one_job() -> None:
    text = f"11 1700000200 {HERE}\n11 1700000200 {HERE}\n"
    assert by_directory.read_queue(text, HERE, 0) == [("11", 1_700_000_200)]
    accounted = f"11_1|1700000200|{HERE}\n11_[2-3]|1700000200|{HERE}\n12+0|1700000201|{HERE}\n"
    assert by_directory.read_accounting(accounted, HERE, 0) == [("11", 1_700_000_200), ("12", 1_700_000_201)]


def test_a_directory_with_blanks_and_bars_is_compared_as_a_whole() -> None:
    odd = "/home/ada/a b|c 1"
    assert by_directory.read_queue(f"7 1700000000 {odd}\n", odd, 0) == [("7", 1_700_000_000)]
    assert by_directory.read_accounting(f"7|1700000000|{odd}\n", odd, 0) == [("7", 1_700_000_000)]


@pytest.mark.parametrize("user", ["", "ada,ben", "ada ben", "a\nb"])
def test_one_user_is_asked_about(user: str) -> None:
    with pytest.raises(ValueError, match="is no user"):
        by_directory.queue_command(user)
