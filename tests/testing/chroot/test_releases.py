from __future__ import annotations

from dataclasses import replace

from headgate.testing.chroot.releases import RELEASES


def test_every_version_comes_from_a_release_of_its_own() -> None:
    assert list(RELEASES) == ["20.11", "24.11", "26.05"]
    assert len({release.suite for release in RELEASES.values()}) == len(RELEASES)


def test_another_list_of_packages_is_another_recipe() -> None:
    release = RELEASES["24.11"]
    assert release.digest() == replace(release).digest()
    assert release.digest() != replace(release, packages=(*release.packages, "strace")).digest()


def test_the_oldest_version_gets_no_cgroup_conf_that_it_would_die_of() -> None:
    assert RELEASES["20.11"].cgroup == ""
