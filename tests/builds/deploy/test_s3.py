from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from headgate.builds.deploy.parcel import Parcel, Piece
from headgate.builds.deploy.request import DeployError
from headgate.builds.deploy.s3 import ObjectStore, connect
from headgate.config.builds import DeploySettings
from headgate.testing.daemons import free_port
from headgate.testing.s3.server import ObjectStoreServer
from headgate.testing.smtp.certificate import make_certificate
from tests.builds.deploy.faults import faulty, first

PART = 8 * 1024 * 1024
"""From this size on boto3 sends files in parts."""
SECRET = "the-secret-of-nobody"


def piece(directory: Path, key: str, content: bytes = b"content") -> Piece:
    file = directory / hashlib.sha256(key.encode()).hexdigest()
    file.write_bytes(content)
    return Piece(file, key, len(content), hashlib.sha256(content).hexdigest())


def name(what: str = "x") -> str:
    """Return an object's name that no other test uses."""
    return f"{what}-{os.urandom(6).hex()}"


def credentials(directory: Path, key: dict[str, str]) -> Path:
    file = directory / "credentials"
    file.write_text("[default]\n" + "".join(f"{name} = {value}\n" for name, value in key.items()))
    file.chmod(0o600)
    return file


@pytest.fixture
def writer(object_store: ObjectStoreServer, tmp_path: Path) -> Path:
    """Credentials that may write and read."""
    return credentials(tmp_path, object_store.key(name("writer")))


@contextlib.asynccontextmanager
async def store(url: str, file: Path, **settings: Any) -> AsyncIterator[tuple[ObjectStore, list[float]]]:
    """Yield a store that does not wait between attempts, and how long it would have."""
    waits: list[float] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    given = {"policy": "all", "bucket": "staging", "endpoint_url": url, "credentials": file, "attempts": 4}
    made = ObjectStore(DeploySettings.model_validate(given | settings), wait=wait)
    try:
        yield made, waits
    finally:
        await made.aclose()


async def test_a_parcel_arrives_whole_and_its_metadata_last(
    object_store: ObjectStoreServer, writer: Path, tmp_path: Path
) -> None:
    key = name()
    parcel = Parcel(
        "staging",
        piece(tmp_path, key, b"the artefact"),
        (piece(tmp_path, f"{key}.sig", b"signature"), piece(tmp_path, f"{key}.meta.txt", b"{}")),
    )
    async with faulty(object_store.url) as way, store(way.url, writer) as (target, _):
        assert await target.send(parcel) is False
    there = object_store.objects("staging")
    assert (there[key], there[f"{key}.sig"], there[f"{key}.meta.txt"]) == (b"the artefact", b"signature", b"{}")
    assert [line.split("?")[0].split()[1] for line in way.lines if line.startswith("PUT")] == [
        f"/staging/{key}",
        f"/staging/{key}.sig",
        f"/staging/{key}.meta.txt",
    ]


async def test_the_same_bytes_are_found_and_not_sent_again(
    object_store: ObjectStoreServer, writer: Path, tmp_path: Path
) -> None:
    parcel = Parcel("staging", piece(tmp_path, name()), ())
    async with faulty(object_store.url) as way, store(way.url, writer) as (target, _):
        assert await target.send(parcel) is False
        assert await target.send(parcel) is True
    assert len([line for line in way.lines if line.startswith("PUT")]) == 1


async def test_an_object_of_another_content_stays_as_it_is(
    object_store: ObjectStoreServer, writer: Path, tmp_path: Path
) -> None:
    key = name()
    object_store.client().put_object(Bucket="staging", Key=key, Body=b"published")
    meta = piece(tmp_path, f"{key}.meta.txt")
    async with store(object_store.url, writer) as (target, _):
        with pytest.raises(DeployError, match="another object of that name") as error:
            await target.send(Parcel("staging", piece(tmp_path, key, b"forged"), (meta,)))
    assert not error.value.transient
    assert object_store.objects("staging")[key] == b"published"
    assert meta.key not in object_store.objects("staging")


async def test_credentials_that_may_only_write_need_overwrite(object_store: ObjectStoreServer, tmp_path: Path) -> None:
    file = credentials(tmp_path, object_store.key(name("only-puts"), "s3:PutObject"))
    parcel = Parcel("staging", piece(tmp_path, name()), ())
    async with store(object_store.url, file) as (target, waits):
        with pytest.raises(DeployError, match="answered 403"):
            await target.send(parcel)
    assert waits == []
    async with store(object_store.url, file, overwrite=True) as (target, _):
        assert await target.send(parcel) is False
    assert parcel.artefact.key in object_store.objects("staging")


@pytest.mark.parametrize("kind", ["503", "cut"])
async def test_what_may_pass_is_tried_again_with_growing_waits(
    object_store: ObjectStoreServer, writer: Path, tmp_path: Path, kind: str
) -> None:
    key = name()
    # boto3 itself tries three times: seven failures are two rounds and a third of one.
    fault = first(7, kind, lambda line: line.startswith("PUT"))
    async with faulty(object_store.url, fault) as way, store(way.url, writer) as (target, waits):
        await target.send(Parcel("staging", piece(tmp_path, key), ()))
    assert object_store.objects("staging")[key] == b"content"
    assert waits == [2.0, 4.0]


async def test_attempts_are_bounded(object_store: ObjectStoreServer, writer: Path, tmp_path: Path) -> None:
    fault = first(1000, "503", lambda line: line.startswith("PUT"))
    async with faulty(object_store.url, fault) as way, store(way.url, writer) as (target, waits):
        with pytest.raises(DeployError, match=r"answered 503 SlowDown \(4 attempts\)"):
            await target.send(Parcel("staging", piece(tmp_path, name()), ()))
    assert waits == [2.0, 4.0, 8.0]
    assert len([line for line in way.lines if line.startswith("PUT")]) == 12


async def test_an_upload_that_fails_half_way_leaves_nothing_and_can_be_done_again(
    object_store: ObjectStoreServer, writer: Path, tmp_path: Path
) -> None:
    key, content = name(), os.urandom(2 * PART + 17)
    meta = piece(tmp_path, f"{key}.meta.txt")
    parcel = Parcel("staging", piece(tmp_path, key, content), (meta,))
    fault = first(1000, "cut", lambda line: "partNumber=2" in line)
    async with faulty(object_store.url, fault) as way:
        async with store(way.url, writer, attempts=2) as (target, _):
            with pytest.raises(DeployError, match="did not answer"):
                await target.send(parcel)
        assert any("partNumber=1" in line for line in way.lines)
        assert {key, meta.key}.isdisjoint(object_store.objects("staging"))
        way.fault = lambda _: ""
        async with store(way.url, writer) as (target, _):
            await target.send(parcel)
    assert object_store.objects("staging")[key] == content
    assert object_store.objects("staging")[meta.key] == b"content"


async def test_after_a_failure_between_two_files_the_artefact_is_not_sent_again(
    object_store: ObjectStoreServer, writer: Path, tmp_path: Path
) -> None:
    key = name()
    parcel = Parcel("staging", piece(tmp_path, key), (piece(tmp_path, f"{key}.meta.txt"),))
    fault = first(1000, "503", lambda line: line.startswith("PUT") and "meta.txt" in line)
    async with faulty(object_store.url, fault) as way, store(way.url, writer, attempts=1) as (target, _):
        with pytest.raises(DeployError):
            await target.send(parcel)
        way.fault = lambda _: ""
        assert await target.send(parcel) is True
    assert len([line for line in way.lines if line.startswith("PUT") and "meta.txt" not in line]) == 1
    assert f"{key}.meta.txt" in object_store.objects("staging")


async def test_a_store_that_lies_about_an_upload_is_not_believed(
    object_store: ObjectStoreServer, writer: Path, tmp_path: Path
) -> None:
    key, other = name(), name()

    class Swallowing(ObjectStore):
        def _upload(self, bucket: str, piece: Piece, stop: Any) -> None:
            super()._upload(bucket, Piece(piece.file, other, piece.size, piece.sha256), stop)

    given = {"policy": "all", "bucket": "staging", "endpoint_url": object_store.url, "credentials": writer}
    target = Swallowing(DeploySettings.model_validate(given | {"attempts": 1}))
    with pytest.raises(DeployError, match="what arrived is not what was sent"):
        await target.send(Parcel("staging", piece(tmp_path, key), ()))
    await target.aclose()


@pytest.mark.parametrize(
    ("bucket", "key", "why"),
    [("not-there", "writer", "answered 404 NoSuchBucket"), ("staging", "forged", "answered 403")],
)
async def test_what_does_not_pass_is_said_at_once(
    object_store: ObjectStoreServer, tmp_path: Path, bucket: str, key: str, why: str
) -> None:
    held = object_store.key(name(key))
    if key == "forged":
        held["aws_secret_access_key"] = SECRET
    async with store(object_store.url, credentials(tmp_path, held)) as (target, waits):
        with pytest.raises(DeployError, match=why) as error:
            await target.send(Parcel(bucket, piece(tmp_path, name()), ()))
    assert waits == []
    assert SECRET not in str(error.value)


async def test_a_store_that_is_away_is_tried_again(writer: Path, tmp_path: Path) -> None:
    async with store(f"http://127.0.0.1:{free_port()}", writer, attempts=2) as (target, waits):
        with pytest.raises(DeployError, match=r"did not answer \(EndpointConnectionError\) \(2 attempts\)") as error:
            await target.send(Parcel("staging", piece(tmp_path, name()), ()))
    assert error.value.transient
    assert waits == [2.0]


async def test_a_certificate_is_believed_if_its_authority_is_configured(
    object_store: ObjectStoreServer, writer: Path, tmp_path: Path
) -> None:
    parcel = Parcel("staging", piece(tmp_path, name()), ())
    certificate = await make_certificate(tmp_path)
    async with faulty(object_store.url, certificate=certificate) as way:
        async with store(way.url, writer, attempts=1) as (target, _):
            with pytest.raises(DeployError, match="SSLError"):
                await target.send(parcel)
        assert way.lines == []
        async with store(way.url, writer, attempts=1, ca_file=certificate.certificate) as (target, _):
            assert await target.send(parcel) is False
    assert parcel.artefact.key in object_store.objects("staging")


async def test_the_machines_own_credentials_and_endpoint_do_not_count(
    object_store: ObjectStoreServer, writer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "else")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    parcel = Parcel("staging", piece(tmp_path, name()), ())
    async with store(object_store.url, writer) as (target, _):
        await target.send(parcel)
    assert parcel.artefact.key in object_store.objects("staging")
    amazon = connect(DeploySettings(credentials=writer))
    assert amazon.meta.endpoint_url == "https://s3.amazonaws.com"
    amazon.close()


@pytest.mark.parametrize(
    "content", ["", "[default]\naws_access_key_id = only\n", f"aws_secret_access_key = {SECRET}\n", f"[{SECRET}"]
)
async def test_a_file_that_holds_no_credentials_is_an_error_without_its_content(tmp_path: Path, content: str) -> None:
    file = tmp_path / "credentials"
    file.write_text(content)
    async with store("http://127.0.0.1:1", file) as (target, _):
        with pytest.raises(DeployError) as error:
            await target.send(Parcel("staging", piece(tmp_path, "x"), ()))
    assert str(file) in str(error.value)
    assert SECRET not in str(error.value)
    assert error.value.__suppress_context__ or error.value.__context__ is None


async def test_a_cancelled_upload_breaks_off(object_store: ObjectStoreServer, writer: Path, tmp_path: Path) -> None:
    key, reached, go_on, ended = name(), asyncio.Event(), asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    class Watched(ObjectStore):
        def _upload(self, bucket: str, piece: Piece, stop: Any) -> None:
            loop.call_soon_threadsafe(reached.set)
            asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(60)
            try:
                super()._upload(bucket, piece, stop)
            finally:
                loop.call_soon_threadsafe(ended.set)

    given = {"policy": "all", "bucket": "staging", "endpoint_url": object_store.url, "credentials": writer}
    target = Watched(DeploySettings.model_validate(given))
    sending = asyncio.create_task(target.send(Parcel("staging", piece(tmp_path, key, os.urandom(3 * PART)), ())))
    await reached.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    go_on.set()
    await ended.wait()
    await target.aclose()
    assert key not in object_store.objects("staging")


async def test_addresses_are_the_predecessors() -> None:
    for endpoint, url in (
        ("", "https://staging.s3.amazonaws.com/a/b"),
        ("https://minio.example:9000/", "https://minio.example:9000/staging/a/b"),
    ):
        target = ObjectStore(DeploySettings(endpoint_url=endpoint))
        assert target.url("staging", "a/b") == url
        await target.aclose()
