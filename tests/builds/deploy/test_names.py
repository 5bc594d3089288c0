from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.builds.deploy import names
from headgate.builds.deploy.request import DeployError
from headgate.config.builds import DeploySettings
from tests.builds.deploy.made import ARTEFACT, LEGACY

PATTERN = DeploySettings().artefact_pattern
HOSTILE = [
    "eessi-x;touch pwned-1.tar.gz",
    "../x-1.tar.gz",
    "a/../../x-1.tar.gz",
    "/etc/passwd-1.tar.gz",
    "./x-1.tar.gz",
    "a//x-1.tar.gz",
    "",
    ".",
    ".hidden-1.tar.gz",
    "-rf-1.tar.gz",
    "x-1.tar.gz\n",
    "x-1.tar.gz\0",
    "$(id)-1.tar.gz",
    "`id`-1.tar.gz",
    "a b-1.tar.gz",
    "a|b-1.tar.gz",
    "a%b-1.tar.gz",
    "a\\b-1.tar.gz",
    "é-1.tar.gz",
    "x-1.tar.gz.sig",
    "x-1.tar.gz.meta.txt",
    "a" * 300 + "-1.tar.gz",
    "d/" * 600 + "x-1.tar.gz",
]


@pytest.mark.parametrize("name", [*HOSTILE, "x-1.tgz", "x-1.tar.xz", "a" * 250 + "-1.tar.gz"])
def test_a_hostile_name_is_refused(name: str) -> None:
    with pytest.raises(DeployError):
        names.read(name, PATTERN)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_refused_whatever_the_site_allows(name: str) -> None:
    with pytest.raises(DeployError):
        names.read(name, "(?s).*")


@given(st.text())
def test_what_is_taken_is_one_plain_path_below_the_job_directory(name: str) -> None:
    try:
        read = names.read(name, "(?s).*")
    except DeployError:
        return
    assert read.path == name
    assert not name.startswith(("/", "-", "."))
    assert ".." not in name.split("/")
    assert re.fullmatch(r"[A-Za-z0-9._+/-]+", name)


def test_the_payload_is_the_name_without_its_timestamp() -> None:
    read = names.read(ARTEFACT, PATTERN)
    assert (read.payload, read.timestamp) == ("eessi-2023.06-software-linux-x86_64-amd-zen2", 1690000000)


def test_zst_has_the_same_payload() -> None:
    assert names.read("x-2.tar.zst", PATTERN).payload == names.read("x-1.tar.gz", PATTERN).payload == "x"


def test_a_name_without_timestamp_has_none() -> None:
    assert names.read("x.tar.gz", PATTERN).timestamp is None


def test_an_artefact_may_lie_in_a_directory() -> None:
    read = names.read("out/x-1.tar.gz", PATTERN)
    assert (read.path, read.name) == ("out/x-1.tar.gz", "x-1.tar.gz")


@pytest.mark.parametrize("ending", ["tar.gz", "tar.zst"])
def test_the_legacy_path_is_the_predecessors(ending: str) -> None:
    assert names.legacy_path(ARTEFACT.replace("tar.gz", ending)) == LEGACY


@pytest.mark.parametrize(
    ("prefix", "folder"),
    [
        ("", LEGACY),
        ("new", "new"),
        ("/new/", "new"),
        ("new/${github_repository}/pr_${pull_request_number}", "new/EESSI/software-layer/pr_12"),
        ("$legacy_aws_path", LEGACY),
        ("x/${legacy_aws_path}/y", f"x/{LEGACY}/y"),
    ],
)
def test_prefixes_are_filled_in(prefix: str, folder: str) -> None:
    assert names.folder(prefix, repository="EESSI/software-layer", number=12, name=ARTEFACT) == folder


@pytest.mark.parametrize("repository", ["../..", "a/..", "a b/c", "a;b/c", "a\n/c"])
def test_a_repository_cannot_lead_elsewhere(repository: str) -> None:
    with pytest.raises(DeployError):
        names.folder("${github_repository}", repository=repository, number=1, name=ARTEFACT)


@given(st.text())
def test_what_is_shown_of_a_name_means_nothing_in_a_table(name: str) -> None:
    shown = names.shown(name)
    assert re.fullmatch(r"[A-Za-z0-9._+/?-]*", shown)
    assert len(shown) <= names.MAX_SHOWN + 3
