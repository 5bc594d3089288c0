from __future__ import annotations

from pathlib import Path

import pytest

from headgate.builds.repos_cfg import RepositoryConfig, read
from headgate.errors import ConfigError

GOOD = """\
# what we build for
[r-2023.06-software]
repo_name = software.example.org
repo_version = 2023.06
config_bundle = cfg_files.tgz
config_map = { "example.org/example.org.pub": "/etc/cvmfs/keys/example.org/example.org.pub",
    "default.local": "/etc/cvmfs/default.local" }
container = docker://ghcr.io/example/build-node:debian12

[bare]
"""


def write(directory: Path, text: str) -> Path:
    (directory / "repos.cfg").write_text(text)
    return directory


def test_repositories_are_read(tmp_path: Path) -> None:
    found = read(write(tmp_path, GOOD))
    assert found["r-2023.06-software"] == RepositoryConfig(
        "r-2023.06-software",
        "software.example.org",
        "2023.06",
        "docker://ghcr.io/example/build-node:debian12",
        "cfg_files.tgz",
        {
            "example.org/example.org.pub": "/etc/cvmfs/keys/example.org/example.org.pub",
            "default.local": "/etc/cvmfs/default.local",
        },
    )
    assert found["bare"] == RepositoryConfig("bare")


def test_two_names_need_no_entry(tmp_path: Path) -> None:
    assert set(read(write(tmp_path, GOOD))) == {"EESSI", "EESSI-pilot", "r-2023.06-software", "bare"}
    assert set(read(None)) == {"EESSI", "EESSI-pilot"}


WRONG = {
    "no JSON": ("[r]\nrepo_name = x\nconfig_map = {x}\n", ":3: [r] config_map: is no JSON"),
    "no object of texts": ("[r]\nconfig_map = [1]\n", ":2: [r] config_map: should be a JSON object of texts"),
    "a bundle elsewhere": ("[r]\nconfig_bundle = ../x.tgz\n", ":2: [r] config_bundle: should be the name of a file"),
    "a name that is a path": ("[../r]\n", ":1: [../r]: is no name"),
    "a % alone": ("[r]\n\nrepo_version = 5%\n", ":3: [r] repo_version: holds a % that is not written %%"),
    "a key twice": ("[r]\nrepo_name = a\nrepo_name = b\n", ":3: [r] repo_name: stands there twice"),
    "a section twice": ("[r]\n[r]\n", ":2: [r]: stands there twice"),
    "no section": ("repo_name = a\n", ":1: stands before the first [section]"),
    "no key": ("[r]\nwhat is this\n", ":2: is neither a key with = nor a [section]"),
    "several lines": ("[r]\ncontainer = a\n  b\n", ":2: [r] container: should be one line"),
}


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(write(tmp_path, text))
    assert caught.value.message.startswith(f"{tmp_path}/repos.cfg{message}")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"repos\.cfg cannot be read: No such file"):
        read(tmp_path)
