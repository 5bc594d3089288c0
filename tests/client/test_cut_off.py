"""Connections that are cut: nothing is done twice, nothing is missed, and what broke off goes on where it was."""

from __future__ import annotations

import asyncio
import os
import zipfile
from pathlib import Path

import pytest

from headgate.client import ApiError, AsyncClient, Client
from headgate.client.asking import PIECE
from tests.client.cutting import CuttingProxy
from tests.gateway.site import Gateway

pytestmark = [pytest.mark.slurm, pytest.mark.asyncio(loop_scope="module")]


@pytest.mark.parametrize("cut", [CuttingProxy.AT_ONCE, 0, 100])
async def test_a_submit_whose_answer_is_lost_is_asked_for_again_and_makes_one_job(gateway: Gateway, cut: int) -> None:
    name = f"lost answer {cut}"
    async with CuttingProxy(gateway.port, cut, cut) as proxy, AsyncClient(proxy.url, gateway.token, user="ada") as ada:
        job = await ada.submit(command="/bin/true", job_name=name)
        assert proxy.connections == 3
        over = await ada.wait(job.id)
        assert (over.state, [one.id async for one in ada.list(name=name)]) == ("COMPLETED", [job.id])


async def test_a_delete_whose_answer_is_lost_has_been_done(gateway: Gateway, ada: AsyncClient) -> None:
    job = await ada.submit(command="/bin/true", start=False)
    async with CuttingProxy(gateway.port, 0) as proxy, AsyncClient(proxy.url, gateway.token, user="ada") as cut_off:
        await cut_off.delete(job.id)
        assert proxy.connections == 2
    with pytest.raises(ApiError, match="no such job"):
        await ada.delete(job.id)


async def test_a_download_that_is_cut_goes_on_where_it_was(gateway: Gateway, ada: AsyncClient, tmp_path: Path) -> None:
    job = await ada.submit(command="/bin/true", start=False)
    (tmp_path / "big").write_bytes(data := os.urandom(5_000_000))
    await ada.upload(job.id, tmp_path / "big", "big")
    done: list[int] = []
    async with CuttingProxy(gateway.port, 2_000_000, 1_000_000) as proxy:
        async with AsyncClient(proxy.url, gateway.token, user="ada") as cut_off:
            await cut_off.download(job.id, "big", tmp_path / "back", told=lambda at, _: done.append(at))
        assert proxy.connections == 3
    assert (tmp_path / "back").read_bytes() == data
    assert done == sorted(done)
    assert done[-1] == len(data)


async def test_an_upload_that_is_cut_goes_on_where_it_was(gateway: Gateway, ada: AsyncClient, tmp_path: Path) -> None:
    job = await ada.submit(command="/bin/true", start=False)
    (tmp_path / "big").write_bytes(data := os.urandom(PIECE + 1000))
    async with CuttingProxy(gateway.port, CuttingProxy.AT_ONCE, CuttingProxy.AT_ONCE) as proxy:
        async with AsyncClient(proxy.url, gateway.token, user="ada") as cut_off:
            await cut_off.upload(job.id, tmp_path / "big", "up")
        assert proxy.connections == 3
    await ada.download(job.id, "up", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == data


async def test_a_zip_file_is_unpacked(gateway: Gateway, ada: AsyncClient, tmp_path: Path) -> None:
    job = await ada.submit(command="/bin/true", start=False)
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as packed:
        packed.writestr("in/a", "one")
        packed.writestr("in/b", "two")
    await ada.upload_zip(job.id, tmp_path / "in.zip")
    assert [one.name for one in await ada.files(job.id, "in")] == ["a", "b"]
    async with CuttingProxy(gateway.port, 0) as proxy, AsyncClient(proxy.url, gateway.token, user="ada") as cut_off:
        await cut_off.upload_zip(job.id, tmp_path / "in.zip")
        assert proxy.connections == 2


async def test_output_that_is_followed_is_told_once_when_the_connection_is_cut(
    gateway: Gateway, ada: AsyncClient
) -> None:
    script = "#!/bin/bash\nfor n in 1 2 3 4 5 6; do printf '%0100d\\n' $n; sleep 0.5; done\n"
    job = await ada.submit(script=script)
    async with CuttingProxy(gateway.port, 400, 500) as proxy:
        async with AsyncClient(proxy.url, gateway.token, user="ada") as cut_off:
            output = b"".join([piece async for piece in cut_off.output(job.id, follow=True)])
        assert proxy.connections == 3
    assert output == b"".join(b"%0100d\n" % n for n in range(1, 7))
    assert b"".join([piece async for piece in ada.output(job.id, start=95, end=105)]) == output[95:105]


async def test_events_go_on_when_the_connection_is_cut(gateway: Gateway, ada: AsyncClient) -> None:
    job = await ada.submit(command="/bin/sleep", args=["3"])
    kinds: list[str] = []
    async with (
        CuttingProxy(gateway.port, 700, 500) as proxy,
        AsyncClient(proxy.url, gateway.token, user="ada") as cut_off,
    ):
        async with asyncio.timeout(60):
            async for one in cut_off.events(job.id):
                kinds.append(one.kind)
                if one.kind == "job.ended":
                    break
        assert proxy.connections == 3
    assert kinds == ["job.submitted", "job.started", "job.ended"]


async def test_without_asyncio_what_is_cut_is_taken_up_again_too(gateway: Gateway, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(data := os.urandom(PIECE + 1000))

    def work(url: str) -> None:
        with Client(url, gateway.token, user="ada") as client:
            job = client.submit(command="/bin/sleep", args=["1"], job_name="cut, without asyncio")
            assert client.wait(job.id).state == "COMPLETED"
            assert [one.id for one in client.list(name="cut, without asyncio")] == [job.id]
            client.upload(job.id, tmp_path / "big", "in/big")
        with Client(url, gateway.token, user="ada") as client:
            client.download(job.id, "in/big", tmp_path / "back")
            assert (tmp_path / "back").read_bytes() == data

    async with CuttingProxy(gateway.port, 0, 600, 0, 3_000_000) as proxy:
        await asyncio.to_thread(work, proxy.url)
        assert (proxy.cuts, proxy.connections >= 5) == ([], True)
