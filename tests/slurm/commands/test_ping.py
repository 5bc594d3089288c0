from __future__ import annotations

from headgate.slurm.commands.ping import Controller, parse


def test_controllers() -> None:
    text = "Slurmctld(primary) at one is UP\nSlurmctld(backup1) at two.example is DOWN\nsomething else\n"
    assert parse(text) == [Controller("primary", "one", up=True), Controller("backup1", "two.example", up=False)]


def test_no_word_of_any() -> None:
    assert parse("") == []
