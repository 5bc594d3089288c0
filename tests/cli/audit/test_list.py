from __future__ import annotations

from pathlib import Path

import pytest

from headgate.store import audit
from headgate.store.migrate import migrate
from headgate.store.store import Store
from tests.cli.stored import HOSTILE, Site, empty_site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = empty_site(tmp_path)
    store = Store(made.url)
    migrate(store)
    for at, user, via, action in ((1000.0, "ada", "bot slack", "cancel"), (2000.0, "", "bot matrix", HOSTILE)):
        store.write_now(
            lambda c, at=at, user=user, via=via, action=action: audit.record(  # type: ignore[misc]
                c, user=user, via=via, action=action, outcome="done", subject=HOSTILE, detail=HOSTILE, now=at
            )
        )
    store.close()
    return made


def test_what_was_done_is_listed_oldest_first(site: Site) -> None:
    lines = site.text("audit", "list").splitlines()
    assert lines[0].split() == ["ID", "TIME", "USER", "VIA", "ACTION", "SUBJECT", "OUTCOME", "DETAIL"]
    assert "ada" in lines[1]
    assert "bot slack" in lines[1]


def test_options_choose(site: Site) -> None:
    assert [one["id"] for one in site.json("audit", "list", "--user", "ada")] == [1]
    assert [one["id"] for one in site.json("audit", "list", "--via", "bot matrix")] == [2]
    assert [one["id"] for one in site.json("audit", "list", "--action", "cancel")] == [1]
    assert [one["id"] for one in site.json("audit", "list", "--since", "1970-01-01T00:30+00:00")] == [2]
    assert [one["id"] for one in site.json("audit", "list", "--until", "1970-01-01T00:30+00:00")] == [1]
    assert [one["id"] for one in site.json("audit", "list", "--limit", "1")] == [2]


def test_nothing_is_said_so(site: Site) -> None:
    assert site.text("audit", "list", "--user", "nobody") == "Nothing was done.\n"
