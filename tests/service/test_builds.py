from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from headgate.config.load import load
from headgate.config.settings import Settings
from headgate.connectors.registry import settings_of
from headgate.errors import ConfigError
from headgate.service.builds import builds_parts, check, clusters_of, repos_of
from headgate.service.role_keeper import RoleKeeper
from headgate.service.wiring import make_clusters
from headgate.store.store import Store
from tests.service.running import toml

HUB = {"kind": "github", "app_id": 1, "private_key": "/nowhere", "webhook_secret": "s"}
GOOD: dict[str, dict[str, Any]] = {
    "executor": {"socket": "/run/executor.sock", "roots": ["/builds"]},
    "builds.forges.hub": HUB,
    "builds.targets.zen2": {"architecture": "x86_64/amd/zen2", "repositories": ["site"]},
    "builds.jobs": {"user": "builder", "directory": "/builds/jobs"},
    "clusters.other": {"bin": "/opt/other"},
}


def settings(directory: Path, **changed: dict[str, Any]) -> Settings:
    """Read settings in which some tables are others, or gone."""
    tables = {**GOOD, **{name.replace("__", "."): keys for name, keys in changed.items()}}
    path = directory / "headgate.toml"
    path.write_text(toml({name: keys for name, keys in tables.items() if keys}))
    path.chmod(0o600)
    return load(path, connector_settings=settings_of, env={})


def test_settings_that_can_work_are_taken(tmp_path: Path) -> None:
    check(settings(tmp_path))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"executor": {"socket": "off"}}, "builds need [executor]"),
        ({"builds__jobs": {"directory": "/builds"}}, "builds.jobs.user is needed"),
        ({"builds__jobs": {"user": "builder"}}, "builds.jobs.directory is needed"),
        ({"builds__jobs": {"user": "root", "directory": "/b"}}, "Headgate's own account"),
        ({"builds__targets__zen2": {}}, "nothing to build on"),
        ({"builds__jobs": {"user": "b", "directory": "/b", "environment": ["SLURM_CONF"]}}, "SLURM_CONF"),
        ({"builds__jobs": {"user": "b", "directory": "/b", "script": "/nowhere/x.sh"}}, "cannot be read"),
        (
            {"builds__targets__zen2": {"architecture": "x", "repositories": ["y"], "slurm_options": ["--wrap=evil"]}},
            "builds.targets.zen2.slurm_options: the option --wrap",
        ),
    ],
)
def test_what_cannot_work_is_said_at_the_start(tmp_path: Path, changed: dict[str, Any], words: str) -> None:
    if "own account" in words:
        import getpass

        changed = {"builds__jobs": {"user": getpass.getuser(), "directory": "/b"}}
    with pytest.raises(ConfigError) as caught:
        check(settings(tmp_path, **changed))
    assert words in caught.value.message


def test_slurmrestd_ignores_directives_so_a_script_that_has_some_is_refused(tmp_path: Path) -> None:
    script = tmp_path / "own.sh"
    script.write_text("#!/bin/bash\n#SBATCH --exclusive\n. bot/build.sh\n")
    rest = {"driver": "rest", "rest": {"url": "http://127.0.0.1:1", "user": "x", "token_file": "/nowhere"}}
    jobs = {"user": "b", "directory": "/b", "script": str(script)}
    check(settings(tmp_path, builds__jobs=jobs))
    check(settings(tmp_path, builds__jobs=jobs, **tables_of("clusters.other", rest)))
    for alias, name in (("", "slurm"), ("other", "clusters.other")):
        with pytest.raises(ConfigError) as caught:
            check(settings(tmp_path, builds__jobs={**jobs, "cluster": alias}, **tables_of(name, rest)))
        assert caught.value.message.startswith("builds.jobs.script: slurmrestd ignores #SBATCH lines")
    script.write_text("#!/bin/bash\n. bot/build.sh\n")
    check(settings(tmp_path, builds__jobs=jobs, **tables_of("slurm", rest)))


def tables_of(name: str, rest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the two tables of a cluster that is asked by slurmrestd."""
    return {name: {"driver": rest["driver"]}, f"{name}.rest": rest["rest"]}


def test_builds_run_on_the_cluster_that_is_named(tmp_path: Path) -> None:
    named = settings(tmp_path, builds__jobs={"user": "b", "directory": "/b", "cluster": "other"})
    assert {name: one.alias for name, one in clusters_of(named.builds, make_clusters(named)).items()} == {"": "other"}
    wrong = settings(tmp_path, builds__jobs={"user": "b", "directory": "/b", "cluster": "none"})
    with pytest.raises(ConfigError):
        clusters_of(wrong.builds, make_clusters(wrong))


def test_a_target_may_be_in_a_cluster_of_its_own(tmp_path: Path) -> None:
    target = {"architecture": "aarch64/a64fx", "repositories": ["r"], "cluster": "other"}
    given = settings(tmp_path, builds__targets__far=target)
    used = clusters_of(given.builds, make_clusters(given))
    assert {name: one.alias for name, one in used.items()} == {"": "", "other": "other"}
    wrong = settings(tmp_path, builds__targets__far={**target, "cluster": "none"})
    with pytest.raises(ConfigError, match=r"builds\.targets\.far\.cluster names none"):
        clusters_of(wrong.builds, make_clusters(wrong))


def test_without_forges_nothing_is_built(tmp_path: Path, store: Store) -> None:
    off = settings(tmp_path, builds__forges__hub={})
    assert list(builds_parts(off, store, make_clusters(off), {}, keeper=RoleKeeper(store))) == []
    bare = settings(tmp_path, builds__targets__zen2={}, builds__jobs={})
    assert list(builds_parts(bare, store, make_clusters(bare), {}, keeper=RoleKeeper(store))) == []
    on = settings(tmp_path)
    assert [part.name for part in builds_parts(on, store, make_clusters(on), {}, keeper=RoleKeeper(store))] == [
        "builds"
    ]


def test_what_lies_beside_repos_cfg_goes_to_jobs(tmp_path: Path) -> None:
    (tmp_path / "repos.cfg").write_text("[site]\nrepo_name = site.org\n")
    (tmp_path / "bundle.tgz").write_bytes(b"x")
    (tmp_path / ".hidden").touch()
    repos = repos_of(tmp_path)
    assert sorted(repos.files) == ["bundle.tgz", "repos.cfg"]
    assert repos.sections["site"].name == "site.org"
    with pytest.raises(ConfigError):
        repos_of(tmp_path / "nowhere")
