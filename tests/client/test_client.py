"""Both clients against a real gateway: jobs, output, events, files; what breaks off is taken up again."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from headgate.client import ApiError, AsyncClient, Client
from headgate.client.asking import PIECE
from headgate.errors import HeadgateError
from scripts.sync_client import CLIENT, without_asyncio
from tests.gateway.site import Gateway

pytestmark = [pytest.mark.slurm, pytest.mark.asyncio(loop_scope="module")]


async def test_a_job_is_submitted_followed_waited_for_and_deleted(ada: AsyncClient) -> None:
    script = "#!/bin/bash\nfor n in 1 2 3; do echo $n; sleep 0.5; done\nexit 4\n"
    job = await ada.submit(script=script, job_name="by client", time="5")
    assert (job.phase, job.slurm_id > 0) == ("active", True)
    output = b"".join([piece async for piece in ada.output(job.id, follow=True)])
    assert output == b"1\n2\n3\n"
    over = await ada.wait(job.id)
    assert (over.over, over.state, over.exit_code, over.failed) == (True, "FAILED", 4, True)
    assert await ada.batch(job.id) == script
    assert job.id in [one.id async for one in ada.list(name="by client", limit=1)]
    await ada.delete(job.id)
    with pytest.raises(ApiError) as gone:
        await ada.get(job.id)
    assert (gone.value.status, gone.value.transient) == (404, False)


async def test_waiting_is_told_by_events(ada: AsyncClient) -> None:
    job = await ada.submit(command="/bin/sleep", args=["2"])
    over = await asyncio.wait_for(ada.wait(job.id), 60)
    assert over.state == "COMPLETED"
    kinds = []
    async for one in ada.events(job.id):
        kinds.append(one.kind)
        if one.kind == "job.ended":
            break
    assert kinds == ["job.submitted", "job.started", "job.ended"]


async def test_a_submit_that_is_repeated_is_one_job(ada: AsyncClient) -> None:
    first = await ada.submit(command="/bin/true", idempotency_key="the-same")
    second = await ada.submit(command="/bin/true", idempotency_key="the-same")
    assert first.slurm_id == second.slurm_id


async def test_events_go_on_after_the_gateway_was_started_again(gateway: Gateway, ada: AsyncClient) -> None:
    job = await ada.submit(command="/bin/sleep", args=["6"])
    port = gateway.port
    seen: list[str] = []

    async def listen() -> None:
        async for one in ada.events(job.id):
            seen.append(one.kind)
            if one.kind == "job.ended":
                return

    listening = asyncio.create_task(listen())
    await asyncio.sleep(2)
    gateway.headgate.write(
        {**gateway.tables(), "service": {**gateway.tables()["service"], "listen": f"127.0.0.1:{port}"}}
    )
    await gateway.headgate.kill()
    await gateway.headgate.start()
    await gateway.ready()
    await asyncio.wait_for(listening, 60)
    assert seen == ["job.submitted", "job.started", "job.ended"]


async def test_files_go_up_and_down_with_checksums_and_are_taken_up_again(ada: AsyncClient, tmp_path: Path) -> None:
    job = await ada.submit(command="/bin/true", start=False)
    (tmp_path / "big").write_bytes(data := os.urandom(20 * 1024 * 1024))
    done: list[int] = []
    await ada.upload(job.id, tmp_path / "big", "in/big file.bin", told=lambda at, _: done.append(at))
    assert done[-1] == len(data)
    [listed] = await ada.files(job.id, "in")
    assert (listed.name, listed.size, listed.kind) == ("big file.bin", len(data), "file")
    (tmp_path / ".back.part").write_bytes(data[:1000])
    await ada.download(job.id, "in/big file.bin", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == data
    (tmp_path / ".back.part").write_bytes(b"other")
    with pytest.raises(ApiError, match="changed"):
        await ada.download(job.id, "in/big file.bin", tmp_path / "back")
    await ada.download_zip(job.id, tmp_path / "all.zip")
    assert (tmp_path / "all.zip").read_bytes().startswith(b"PK")


async def test_a_large_file_whose_beginning_is_there_is_gone_on_with(ada: AsyncClient, tmp_path: Path) -> None:
    job = await ada.submit(command="/bin/true", start=False)
    (tmp_path / "big").write_bytes(data := os.urandom(2 * PIECE))
    (tmp_path / "beginning").write_bytes(data[:1_000_000])
    (tmp_path / "other").write_bytes(bytes(1_000_000))
    for there, starts in (("beginning", 1_000_000), ("big", len(data)), ("other", 0)):
        await ada.upload(job.id, tmp_path / there, "up")
        done: list[int] = []
        await ada.upload(job.id, tmp_path / "big", "up", told=lambda at, _, done=done: done.append(at))  # type: ignore[misc]
        assert (done[0], done[-1]) == (starts, len(data))
        await ada.download(job.id, "up", tmp_path / "back")
        assert (tmp_path / "back").read_bytes() == data


async def test_an_empty_file_goes_up_and_down(ada: AsyncClient, tmp_path: Path) -> None:
    job = await ada.submit(command="/bin/true", start=False)
    (tmp_path / "empty").touch()
    await ada.upload(job.id, tmp_path / "empty", "empty")
    assert [(one.name, one.size) for one in await ada.files(job.id) if one.name == "empty"] == [("empty", 0)]
    await ada.download(job.id, "empty", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == b""


async def test_hooks_are_registered_listed_and_removed(ada: AsyncClient) -> None:
    made = await ada.add_hook("https://127.0.0.1:9/hook", events=["job.ended"])
    assert made.secret
    [listed] = await ada.hooks()
    assert (listed.id, listed.url, listed.events, listed.secret) == (made.id, made.url, ("job.ended",), None)
    await ada.remove_hook(made.id)
    assert await ada.hooks() == []
    assert await ada.templates() == []


async def test_a_refusal_has_the_gateways_words(ada: AsyncClient, gateway: Gateway) -> None:
    with pytest.raises(ApiError, match="partition") as refused:
        await ada.submit(command="/bin/true", partition="no-such-partition")
    assert refused.value.status == 400
    with pytest.raises(ApiError, match="unknown"):
        await ada.submit(command="/bin/true", unknown=1)
    async with AsyncClient(f"http://127.0.0.1:{gateway.port}", "wrong", user="ada") as nobody:
        with pytest.raises(ApiError) as unknown:
            await nobody.get("x")
    assert unknown.value.status == 401


async def test_without_asyncio_it_is_the_same(gateway: Gateway) -> None:
    def work() -> None:
        with Client(f"http://127.0.0.1:{gateway.port}", gateway.token, user="ada") as client:
            job = client.submit(command="/bin/echo", args=["hi"])
            assert b"".join(client.output(job.id, follow=True)) == b"hi\n"
            assert client.wait(job.id).state == "COMPLETED"
            assert client.get(job.id).over

    await asyncio.to_thread(work)


async def test_where_nobody_answers_is_said_so() -> None:
    async with AsyncClient("http://127.0.0.1:9", "t" * 20) as client:
        with pytest.raises(ApiError, match="cannot be reached") as failed:
            await client.get("x")
    assert failed.value.transient


async def test_the_client_without_asyncio_is_made_of_the_other() -> None:
    made = without_asyncio((CLIENT / "async_client.py").read_text())
    assert (CLIENT / "client.py").read_text() == made


async def test_a_token_is_in_no_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client("http://127.0.0.1:9", "secret-token")
    assert "secret-token" not in repr(client.access)
    client.close()
    monkeypatch.delenv("HEADGATE_TOKEN", raising=False)
    with pytest.raises(HeadgateError, match="HEADGATE_TOKEN"):
        Client("http://127.0.0.1:9")
