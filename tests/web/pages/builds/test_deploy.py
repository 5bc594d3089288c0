"""A deployment asked for on a page, which the engine of builds then does."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from headgate.store import audit, builds
from headgate.store.audit import AuditFilter
from headgate.store.store import Store
from tests.builds.bench import BUILD, Bench, table
from tests.web.pages.builds.conftest import building


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_what_was_built_is_shown_first_and_then_deployed(store: Store, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    deploy = {"policy": "all", "kind": "directory", "directory": str(tmp_path / "out"), "spool": str(tmp_path / "s")}
    bench = Bench(store, tmp_path, deploy=deploy)
    bench.place.pull_request()
    await bench.place.comment(BUILD)
    await bench.go()
    with tarfile.open(bench.slurm.jobs[4711].directory / "a.tar.gz", "w:gz"):
        pass
    await bench.through(4711)
    async with building(store, tmp_path, **deploy) as place, place.client("operator") as oscar:
        assert "Deploy…" in (await oscar.get("/builds/runs/1")).text
        preview = await oscar.post("/builds/runs/1/deploy")
        assert "a.tar.gz" in preview.text
        assert len(await store.read(lambda c: builds.find_requests(c, 10))) == 1  # nothing is done yet
        answer = await oscar.post("/builds/runs/1/deploy", {"sure": "yes", "why": "released"})
        assert answer.headers["location"] == "/ui/builds/runs/1"
        await bench.go()
        assert [path.name for path in (tmp_path / "out").rglob("a.tar.gz")] == ["a.tar.gz"]
        assert "uploaded" in (await oscar.get("/builds/runs/1")).text
    [told] = [body for body in bench.place.bodies() if body.startswith("New job")]
    assert table(told)[-1] == "uploaded"
    assert "a.tar.gz" in bench.place.bodies()[-1]
    entries = await store.read(lambda c: audit.find(c, AuditFilter(), limit=100))
    assert [(one.user, one.via) for one in entries if one.action == "build deploy"] == [("oscar", "page")]
    assert "asked for by oscar" in next(one.detail for one in entries if one.action == "build deploy sent")
