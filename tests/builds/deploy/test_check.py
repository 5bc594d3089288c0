from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from headgate.builds.deploy.check import examine
from headgate.builds.deploy.deployer import target_of
from headgate.config.builds import DeploySettings, SigningSettings
from headgate.model.finding import Finding
from headgate.testing.s3.server import ObjectStoreServer
from tests.builds.deploy.made import REPOSITORY_ID
from tests.builds.deploy.test_s3 import credentials, name


async def found(settings: DeploySettings, *, write: bool = False) -> dict[str, Finding]:
    target = target_of(settings)
    try:
        return {one.area: one for one in await examine(settings, "my-bot", target, write=write)}
    finally:
        if target is not None:
            await target.aclose()


def given(here: Path, **more: Any) -> DeploySettings:
    return DeploySettings.model_validate({"policy": "all", "spool": here / "spool", **more})


async def test_nothing_to_deploy_is_no_problem() -> None:
    assert (await found(DeploySettings()))["deploy"].good


@pytest.mark.parametrize("write", [False, True])
async def test_a_bucket_that_can_be_used(object_store: ObjectStoreServer, tmp_path: Path, write: bool) -> None:
    file = credentials(tmp_path, object_store.key(name("doctor")))
    before = object_store.objects("other")
    done = await found(given(tmp_path, bucket="other", endpoint_url=object_store.url, credentials=file), write=write)
    assert all(one.good for one in done.values()), done
    assert set(done) == {"spool", "credentials", "bucket other"}
    assert object_store.objects("other") == before


@pytest.mark.parametrize(
    ("bucket", "may", "says"),
    [
        ("none-such", "s3:ListBucket", "answered 404 NoSuchBucket: there is no such bucket"),
        ("other", "s3:PutObject", "they need s3:ListBucket"),
        ("other", "s3:ListBucket", "they need s3:ListBucket, s3:GetObject and s3:PutObject"),
    ],
)
async def test_a_bucket_that_cannot(
    object_store: ObjectStoreServer, tmp_path: Path, bucket: str, may: str, says: str
) -> None:
    file = credentials(tmp_path, object_store.key(name("doctor"), may))
    settings = given(tmp_path, bucket={"r": bucket}, endpoint_url=object_store.url, credentials=file)
    one = (await found(settings, write=True))[f"bucket {bucket}"]
    assert not one.good
    assert says in one.what


async def test_credentials_others_can_read(object_store: ObjectStoreServer, tmp_path: Path) -> None:
    file = credentials(tmp_path, object_store.key(name("doctor")))
    file.chmod(0o644)
    done = await found(given(tmp_path, bucket="other", endpoint_url=object_store.url, credentials=file))
    assert "can be read by others" in done["credentials"].what


async def test_a_key_that_signs_tells_its_public_half(signing: SigningSettings, tmp_path: Path) -> None:
    settings = given(tmp_path, kind="directory", directory=tmp_path, signing={REPOSITORY_ID: signing})
    one = (await found(settings))[f"signing of {REPOSITORY_ID}"]
    assert one.good
    assert "namespace my-bot with ssh-ed25519 AAAA" in one.what


async def test_a_key_others_can_read(signing: SigningSettings, tmp_path: Path) -> None:
    signing.key.chmod(0o640)
    settings = given(tmp_path, kind="directory", directory=tmp_path, signing={REPOSITORY_ID: signing})
    one = (await found(settings))[f"signing of {REPOSITORY_ID}"]
    assert not one.good
    assert "can be read by others" in one.what


async def test_a_directory(tmp_path: Path) -> None:
    assert (await found(given(tmp_path, kind="directory", directory=tmp_path)))["directory"].good
    missing = (await found(given(tmp_path, kind="directory", directory=tmp_path / "none")))["directory"]
    assert not missing.good
    assert "No such file" in missing.what


async def test_a_spool_others_can_write(tmp_path: Path) -> None:
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool").chmod(0o777)
    one = (await found(given(tmp_path, kind="directory", directory=tmp_path)))["spool"]
    assert not one.good
    assert "chmod 700" in one.what


async def test_a_script(tmp_path: Path) -> None:
    script = tmp_path / "upload"

    async def one() -> Finding:
        return (await found(given(tmp_path, kind="script", script=script)))["upload script"]

    assert "No such file" in (await one()).what
    script.write_text("#!/bin/sh\n")
    script.chmod(0o644)
    assert "cannot be run" in (await one()).what
    script.chmod(0o775)
    assert "can be changed by others" in (await one()).what
    script.chmod(0o755)
    assert (await one()).good
    os.chown(script, 1001, 1001)
    assert "can be changed by others" in (await one()).what
