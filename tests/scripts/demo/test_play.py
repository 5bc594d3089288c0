from __future__ import annotations

from collections import Counter
from pathlib import Path

from headgate.service.wiring import load_settings
from scripts.demo.installation import Tables, configuration
from scripts.demo.place import Place
from scripts.demo.play import IN_EVERY_CHAT, JOBS, LINKED

CHATS: Tables = {
    "connectors.telegram": {"token": "123456789:AAExampleExampleExampleExampleExampl"},
    "connectors.telegram.bot": {"enabled": True},
    "connectors.msteams.urls": {"general": "http://127.0.0.1:1/workflows?sig=x"},
}


def test_the_configuration_is_one_that_headgate_takes(tmp_path: Path) -> None:
    place = Place("demo", tmp_path)
    place.config.write_text(configuration(place, "/somewhere/bin", 2525, CHATS))
    settings = load_settings(place.config)
    assert settings.spool.path == place.spool
    assert str(place.store) in settings.store.url.get_secret_value()
    assert set(settings.connectors) == {"mailto", "telegram", "msteams"}
    assert settings.local.path == place.socket


def test_nobody_gets_so_many_mails_that_they_are_folded(tmp_path: Path) -> None:
    place = Place("demo", tmp_path)
    place.config.write_text(configuration(place, "/somewhere/bin", 2525, CHATS))
    mails = Counter[str]()
    for job in JOBS:
        mails[job.user] += len(job.outcomes)
    assert max(mails.values()) <= load_settings(place.config).connectors["mailto"].recipient_burst


def test_jobs_have_names_of_their_own_and_ends_that_fit_their_starts() -> None:
    assert len({job.name for job in (*JOBS, IN_EVERY_CHAT, LINKED)}) == len(JOBS) + 2
    for job in JOBS:
        assert job.starts in (sum(job.ends.values()), 0)
        assert job.outcomes[0] == "started" or not job.starts
