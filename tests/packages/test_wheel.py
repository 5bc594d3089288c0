"""The wheel: complete, the same twice, and of use in a clean environment, by hashes and as a tool."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from headgate import __version__
from headgate.store.revision import NEWEST
from scripts.package import wheel

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

UV = wheel.ROOT / ".venv/bin/uv"
MAIL = '[connectors.mailto]\nfrom_address = "slurm@example.org"\n'
SOURCES = wheel.ROOT / "src"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheel.build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def program(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program of a clean environment, whose packages were checked by their hashes."""
    environment = tmp_path_factory.mktemp("clean") / "venv"
    python = environment / "bin/python"
    _uv("venv", "--python", sys.executable, str(environment))
    run = ("--require-hashes", "-r", str(wheel.ROOT / "requirements/run.txt"))
    _uv("pip", "install", "--python", str(python), "--only-binary", ":all:", *run)
    _uv("pip", "install", "--python", str(python), "--no-deps", "--no-cache", str(built))
    return environment / "bin/headgate"


def test_everything_of_the_source_is_in_it(built: Path) -> None:
    inside = set(zipfile.ZipFile(built).namelist())
    files = {
        str(path.relative_to(SOURCES))
        for path in SOURCES.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert inside - files == {f"headgate-{__version__}.dist-info/{name}" for name in (
        "METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"
    )}  # fmt: skip
    assert files <= inside


def test_building_it_again_gives_the_same_bytes(built: Path, tmp_path: Path) -> None:
    assert wheel.build(tmp_path).read_bytes() == built.read_bytes()


def test_the_program_runs_outside_of_the_work_tree(program: Path, tmp_path: Path) -> None:
    assert _headgate(program, tmp_path, "--version") == f"headgate, version {__version__}\n"
    sample = _headgate(program, tmp_path, "config", "sample")
    assert "store" in tomllib.loads(sample)
    file = tmp_path / "headgate.toml"
    file.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/headgate.db"\n\n{MAIL}')
    assert _headgate(program, tmp_path, "-c", str(file), "config", "check") == f"{file}: can be used\n"
    assert _headgate(program, tmp_path, "-c", str(file), "store", "migrate") == f"The store is at {NEWEST}.\n"
    assert _headgate(program, tmp_path, "-c", str(file), "rule", "list").count("\n") > 5


def test_it_is_installed_as_a_tool_with_the_tested_versions(built: Path, tmp_path: Path) -> None:
    where = {"UV_TOOL_DIR": str(tmp_path / "tools"), "UV_TOOL_BIN_DIR": str(tmp_path / "bin")}
    tested = ("--constraints", str(wheel.ROOT / "requirements/run.txt"))
    _uv("tool", "install", "--python", sys.executable, *tested, f"headgate @ {built.as_uri()}", env=where)
    assert _headgate(tmp_path / "bin/headgate", tmp_path, "--version") == f"headgate, version {__version__}\n"


def _headgate(program: Path, directory: Path, *words: str) -> str:
    env = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    argv = [str(program), *words]
    return subprocess.run(argv, cwd=directory, env=env, capture_output=True, text=True, check=True, timeout=240).stdout


def _uv(*words: str, env: dict[str, str] | None = None) -> None:
    argv = [str(UV), "-q", *words]
    done = subprocess.run(
        argv, env={**os.environ, **(env or {})}, capture_output=True, text=True, check=False, timeout=900
    )
    if done.returncode and "Failed to fetch" in done.stderr:
        pytest.skip(f"the packages cannot be fetched here: {done.stderr.strip()[:200]}")
    assert done.returncode == 0, done.stderr
