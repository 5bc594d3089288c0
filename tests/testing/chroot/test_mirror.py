from __future__ import annotations

from pathlib import Path

import pytest

from headgate.testing.chroot import mirror
from headgate.testing.cluster.errors import ClusterError

STANZA = """\
Types: deb
# made by an installer
URIs: http://mirror.example.org/debian/
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example.org/debian-security
Suites: bookworm-security
Components: main
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (STANZA, "http://mirror.example.org/debian"),
        ("deb http://a.example.org/debian bookworm main", "http://a.example.org/debian"),
        ("deb [arch=amd64 signed-by=/k] https://a.example.org/debian/ bookworm main", "https://a.example.org/debian"),
        ("deb-src http://a.example.org/debian bookworm main", None),
        ("# deb http://a.example.org/debian bookworm main", None),
        ("deb https://a.example.org/node nodistro main", None),
        ("deb http://a.example.org/debian-security bookworm-security main", None),
        ("deb http://a.example.org/debian bookworm contrib", None),
        ("deb cdrom:[Debian]/debian bookworm main", None),
        (STANZA.replace("Types: deb\n", "Types: deb\nEnabled: no\n"), None),
        (STANZA.replace("URIs: http://mirror", "URIs:\n http://mirror"), "http://mirror.example.org/debian"),
        ("", None),
    ],
)
def test_the_main_archive_is_found_in_either_format(text: str, expected: str | None) -> None:
    assert mirror.find([text]) == expected


def test_the_first_file_that_names_one_counts() -> None:
    assert mirror.find(["deb http://a.org/x y main", STANZA]) == "http://mirror.example.org/debian"


def test_the_sources_of_a_machine_are_read(tmp_path: Path) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d" / "debian.sources").write_text(STANZA)
    assert mirror.of_this_machine(tmp_path) == "http://mirror.example.org/debian"


def test_settings_concern_fetching_only() -> None:
    lines = mirror.settings().splitlines()
    assert 'Acquire::Retries "3";' in lines
    assert all(line.startswith("Acquire::") and line.endswith(";") for line in lines)


def test_a_machine_whose_sources_name_no_mirror_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="name no mirror"):
        mirror.of_this_machine(tmp_path)
