from __future__ import annotations

from pathlib import Path

from headgate.store.migrate import newest
from tests.cli.stored import Site, empty_site


def test_a_store_is_prepared_and_preparing_it_again_changes_nothing(tmp_path: Path) -> None:
    site = empty_site(tmp_path)
    for _ in range(2):
        assert site.text("store", "migrate") == f"The store is at {newest()}.\n"
    assert site.json("store", "show")["events"] == 0


def test_where_it_is_and_how_much_is_in_it_is_shown(site: Site) -> None:
    told = site.json("store", "show")
    assert (told["events"], told["deliveries"], told["jobs"], told["revision"]) == (4, 4, 0, newest())
    assert told["url"].endswith("/headgate.db")
    assert "deliveries  4" in " ".join(site.text("store", "show").split("\n")).replace("   ", "  ")


def test_what_is_old_is_forgotten_and_counted(site: Site) -> None:
    assert site.json("store", "clean") == {
        "deliveries": 0, "events": 0, "jobs": 0, "buckets": 2, "audit": 0, "codes": 0,
        "sessions": 0, "sign_ins": 0, "submissions": 0, "builds": 0,
        "tokens": 0,
    }  # fmt: skip
    assert site.json("store", "show")["events"] == 4
    assert "deliveries" in site.text("store", "clean")


def test_a_password_is_never_shown_also_in_errors(tmp_path: Path) -> None:
    site = empty_site(tmp_path)
    for url in (
        "postgresql://headgate:a-pass-word@127.0.0.1:1/headgate",
        "postgresql://headgate@127.0.0.1:1/headgate?password=a-pass-word",
    ):
        site.config.write_text(site.config.read_text().splitlines()[0] + f'\nurl = "{url}"\n')
        for verb in ("show", "migrate", "clean"):
            done = site.process("store", verb)
            assert done.returncode == 1
            assert len(done.stderr.splitlines()) == 1
            assert "a-pass-word" not in done.stdout + done.stderr


def test_a_store_that_cannot_be_opened_is_one_line(tmp_path: Path) -> None:
    site = empty_site(tmp_path)
    site.config.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/missing/headgate.db"\n')
    done = site.process("store", "migrate")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"headgate: the store's directory {tmp_path}/missing does not exist\n"
