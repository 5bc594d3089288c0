from __future__ import annotations

import pytest

from headgate.connectors.mattermost.targets import ChannelId, NamedChannel, Person, Target, read_target, written
from headgate.errors import RecipientError

ID = "4xp9fdt77pncbef59f4k1qe83o"


@pytest.mark.parametrize(
    ("text", "target"),
    [
        (ID, ChannelId(ID)),
        (ID.upper(), ChannelId(ID)),
        ("@ada", Person("ada")),
        ("@Ada.Lovelace-2_x", Person("ada.lovelace-2_x")),
        ("hpc/jobs", NamedChannel("hpc", "jobs")),
        ("HPC/off-topic_2", NamedChannel("hpc", "off-topic_2")),
    ],
)
def test_a_target_is_read_and_written(text: str, target: Target) -> None:
    assert read_target(text) == target
    assert read_target(written(target)) == target


@pytest.mark.parametrize(
    "text",
    [
        "ada",
        "@",
        "@@ada",
        "@.ada",
        "@a/b",
        "a/b/c",
        "../x",
        "/x",
        "x/",
        ID + "a",
        ID[:-1],
        "#jobs",
        "@a b",
        "@ä",
        "@" + "a" * 65,
    ],
)
def test_what_nobody_is_called_is_refused(text: str) -> None:
    with pytest.raises(RecipientError):
        read_target(text)
