"""No connection is used for two users, and those of many users are not all kept."""

from __future__ import annotations

from headgate.config.slurmrestd import RestSettings
from headgate.slurm.rest.connections import Connections

SETTINGS = RestSettings.model_validate({"url": "http://127.0.0.1:1", "user": "slurm", "token_file": "/nowhere"})


async def test_no_two_users_share_connections_and_none_is_used_for_reading() -> None:
    connections = Connections(SETTINGS)
    async with connections.of("ada") as ada, connections.of("ben") as ben, connections.of(None) as reading:
        assert len({id(ada), id(ben), id(reading)}) == 3
    async with connections.of("ada") as again:
        assert again is ada
    await connections.aclose()
    assert ada.is_closed
    assert ben.is_closed
    assert reading.is_closed


async def test_of_many_users_those_asked_for_last_and_those_under_way_are_kept() -> None:
    connections = Connections(SETTINGS)
    async with connections.of("first"):
        pass
    async with connections.of("slow") as slow, connections.of("first") as first:
        for number in range(40):
            async with connections.of(f"user{number}") as last:
                pass
        assert not any(client.is_closed for client in (slow, first, last))
    async with connections.of("user0") as anew:
        assert not anew.is_closed
    await connections.aclose()
