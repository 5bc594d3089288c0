"""The whole way: a real executor, the build account's files, a real S3 server, ssh-keygen."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from headgate.builds.deploy.deployer import target_of
from headgate.builds.deploy.directory import Directory
from headgate.builds.deploy.parcel import Target
from headgate.builds.deploy.request import DeployRow, Outcome, StepKind, Uploaded
from headgate.builds.deploy.s3 import ObjectStore
from headgate.builds.deploy.signing import public_key
from headgate.config.builds import DeploySettings, SigningSettings
from headgate.testing.s3.server import ObjectStoreServer
from tests.builds.deploy.faults import faulty
from tests.builds.deploy.made import ARTEFACT, LEGACY, NAMESPACE, OTHER_COMMIT, REPOSITORY_ID, Site, request, tarball
from tests.builds.deploy.test_s3 import credentials, name
from tests.builds.deploy.verify import verifies

ZST = "eessi-2023.06-compat-linux-x86_64-1690000001.tar.zst"
ZSTD = b"\x28\xb5\x2f\xfd" + b"zstandard"


@pytest.fixture
def bucket(object_store: ObjectStoreServer) -> str:
    made = name("bucket")
    object_store.client().create_bucket(Bucket=made)
    return made


@pytest.fixture
def to_s3(site: Site, object_store: ObjectStoreServer, bucket: str) -> DeploySettings:
    return site.settings(
        kind="s3",
        bucket=bucket,
        endpoint_url=object_store.url,
        credentials=credentials(site.own, object_store.key(name("deploys"))),
        attempts=2,
    )


async def deployed(site: Site, settings: DeploySettings, *jobs: Any, **facts: Any) -> list[DeployRow]:
    target = target_of(settings)
    try:
        return await site.deployer(settings, target).deploy(request(*jobs, **facts))
    finally:
        if target is not None:
            await target.aclose()


def outcomes(rows: list[DeployRow]) -> dict[tuple[str, str], Outcome]:
    return {(row.job, row.artefact): row.outcome for row in rows}


async def test_artefacts_arrive_with_metadata_and_signatures(
    site: Site, to_s3: DeploySettings, object_store: ObjectStoreServer, bucket: str, signing: SigningSettings
) -> None:
    settings = to_s3.model_copy(update={"signing": {REPOSITORY_ID: signing}})
    content = tarball("the software")
    rows = await deployed(site, settings, site.job(files={ARTEFACT: content, ZST: ZSTD}, comment_id=99))
    assert [row.outcome for row in rows] == [Outcome.UPLOADED] * 2
    assert rows[0].text == f"transfer of `{ARTEFACT}` to S3 bucket succeeded"
    assert rows[0].sha256 == hashlib.sha256(content).hexdigest()
    there = object_store.objects(bucket)
    compat = f"2023.06/compat/linux/x86_64/1690000001/{ZST}"
    assert sorted(there) == sorted(
        f"{key}{end}" for key in (f"{LEGACY}/{ARTEFACT}", compat) for end in ("", ".sig", ".meta.txt", ".meta.txt.sig")
    )
    assert there[f"{LEGACY}/{ARTEFACT}"] == content
    told = json.loads(there[f"{LEGACY}/{ARTEFACT}.meta.txt"])
    assert told == {
        "uploader": {"username": NAMESPACE, "ip": "", "hostname": ""},
        "payload": {
            "filename": ARTEFACT,
            "size": str(len(content)),
            "ctime": told["payload"]["ctime"],
            "sha256sum": hashlib.sha256(content).hexdigest(),
            "url": f"{object_store.url}/{bucket}/{LEGACY}/{ARTEFACT}",
        },
        "link2pr": {"repo": "EESSI/software-layer", "pr": "12", "pr_comment_id": "99"},
    }
    allowed = await public_key(signing)
    for key in (f"{LEGACY}/{ARTEFACT}", f"{LEGACY}/{ARTEFACT}.meta.txt", compat, f"{compat}.meta.txt"):
        assert verifies(there[key], there[f"{key}.sig"], allowed, NAMESPACE, site.own), key
    assert site.uploaded() == f"4711/{ARTEFACT}\n4711/{ZST}\n"
    assert site.spooled() == []


async def test_every_step_is_told(site: Site, signing: SigningSettings) -> None:
    rows = await deployed(site, site.settings(signing={REPOSITORY_ID: signing}), site.job())
    assert [step.kind for step in site.steps] == [
        StepKind.COPIED,
        StepKind.SIGNED,
        StepKind.SIGNED,
        StepKind.SENT,
        StepKind.RECORDED,
    ]
    assert rows[0].sha256 in site.steps[0].detail
    assert site.steps[3].detail == f"file://{site.own}/out/{LEGACY}/{ARTEFACT}"


async def test_one_that_fails_holds_up_no_other(site: Site, to_s3: DeploySettings) -> None:
    (site.own / "secret").write_bytes(tarball("secret"))
    job = site.job(
        "4711", {ARTEFACT: tarball(), "b-1.tar.gz": b"not gzip"}, "a-1.tar.gz", "b-1.tar.gz", ARTEFACT, "c-1.tar.gz"
    )
    (site.directory() / "c-1.tar.gz").symlink_to(site.own / "secret")
    rows = await deployed(site, to_s3, job)
    assert outcomes(rows) == {
        ("4711", "a-1.tar.gz"): Outcome.NOT_UPLOADED,
        ("4711", "b-1.tar.gz"): Outcome.NOT_UPLOADED,
        ("4711", ARTEFACT): Outcome.UPLOADED,
        ("4711", "c-1.tar.gz"): Outcome.NOT_UPLOADED,
    }
    assert rows[0].text == "transfer of `a-1.tar.gz` to S3 bucket failed"
    assert rows[0].reason == "it is not there"
    assert site.uploaded() == f"4711/{ARTEFACT}\n"


async def test_a_name_made_to_run_a_command_is_left_out_and_runs_nothing(
    site: Site, to_s3: DeploySettings, object_store: ObjectStoreServer, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(site.own)
    rows = await deployed(site, to_s3, site.job(files={"eessi-x;touch pwned-1.tar.gz": tarball()}))
    assert outcomes(rows) == {("4711", "eessi-x?touch?pwned-1.tar.gz"): Outcome.LEFT_OUT}
    assert object_store.objects(bucket) == {}
    assert list(site.own.rglob("pwned*")) == []


async def test_what_was_not_approved_never_leaves(
    site: Site, to_s3: DeploySettings, object_store: ObjectStoreServer, bucket: str
) -> None:
    jobs = (
        site.job("1", {"a-1.tar.gz": tarball()}, commit=OTHER_COMMIT),
        site.job("2", {"b-1.tar.gz": tarball()}, tests_passed=False),
        site.job("3", {"c-1.tar.gz": tarball()}, succeeded=False),
        site.job("4", {"d-1.tar.gz": tarball()}),
    )
    rows = await deployed(site, to_s3, *jobs)
    assert [row.job for row in rows if row.outcome is Outcome.UPLOADED] == ["4"]
    assert {key.rpartition("/")[2] for key in object_store.objects(bucket)} == {"d-1.tar.gz", "d-1.tar.gz.meta.txt"}


async def test_once_does_not_trust_a_file_that_jobs_can_write(site: Site) -> None:
    settings = site.settings(policy="once")
    job = site.job()
    record = site.directory().parent / "uploaded.txt"
    record.write_text(f"1/{ARTEFACT}\n")
    site.give(site.jobs)
    assert (await deployed(site, settings, job))[0].outcome is Outcome.UPLOADED
    again = await deployed(site, settings, job, uploaded=(Uploaded("4711", REPOSITORY_ID, ARTEFACT),))
    assert [(row.outcome, row.reason) for row in again] == [(Outcome.LEFT_OUT, "one of its kind was uploaded already")]


async def test_a_repository_without_bucket_is_told_in_the_predecessors_words(site: Site, to_s3: DeploySettings) -> None:
    settings = to_s3.model_copy(update={"bucket": {"other": "staging"}})
    rows = await deployed(site, settings, site.job())
    assert rows[0].text == (f"transfer of `{ARTEFACT}` to S3 bucket failed (no bucket specified for {REPOSITORY_ID})")


async def test_an_upload_that_fails_is_told_with_the_reason_and_can_be_done_again(
    site: Site, to_s3: DeploySettings, object_store: ObjectStoreServer, bucket: str
) -> None:
    job = site.job()

    async def no_wait(_: float) -> None:
        await asyncio.sleep(0)

    async with faulty(object_store.url, lambda line: "503" if line.startswith("PUT") else "") as way:
        settings = to_s3.model_copy(update={"endpoint_url": way.url})
        target: Target = ObjectStore(settings, wait=no_wait)
        deployer = site.deployer(settings, target)
        rows = await deployer.deploy(request(job))
        assert (rows[0].outcome, rows[0].reason) == (
            Outcome.NOT_UPLOADED,
            "the object store answered 503 SlowDown (2 attempts)",
        )
        assert site.steps[-1].kind is StepKind.FAILED
        assert (site.uploaded(), object_store.objects(bucket), site.spooled()) == ("", {}, [])
        way.fault = lambda _: ""
        assert (await deployer.deploy(request(job)))[0].outcome is Outcome.UPLOADED
        await target.aclose()
    assert site.uploaded() == f"4711/{ARTEFACT}\n"


async def test_signing_that_fails_keeps_the_artefact_here(site: Site, tmp_path: Path) -> None:
    settings = site.settings(signing={REPOSITORY_ID: SigningSettings(key=tmp_path / "none")})
    rows = await deployed(site, settings, site.job())
    assert rows[0].outcome is Outcome.NOT_UPLOADED
    assert "cannot be signed" in rows[0].reason
    assert list((site.own / "out").rglob("*")) == []


async def test_to_a_directory_the_row_says_so(site: Site) -> None:
    rows = await deployed(site, site.settings(artefact_prefix="pr_${pull_request_number}"), site.job())
    assert rows[0].text == f"transfer of `{ARTEFACT}` to directory succeeded"
    assert (site.own / "out/pr_12" / ARTEFACT).read_bytes() == tarball()


async def test_the_sites_script_gets_a_copy_of_the_artefact(site: Site) -> None:
    script = site.own / "upload"
    script.write_text(
        f"#!{sys.executable}\nimport sys, shutil\nshutil.copy(sys.argv[-1], '{site.own}/taken')\n"
        f"open('{site.own}/words', 'w').write(chr(10).join(sys.argv[1:]))\n"
    )
    script.chmod(0o755)
    rows = await deployed(site, site.settings(kind="script", script=script, bucket="staging"), site.job())
    assert rows[0].text == f"transfer of `{ARTEFACT}` to S3 bucket succeeded"
    assert (site.own / "taken").read_bytes() == tarball()
    given = (site.own / "words").read_text().splitlines()[-1]
    assert given.startswith(str(site.own / "spool"))
    assert given.endswith(f"/{ARTEFACT}")
    assert site.spooled() == []


async def test_a_script_that_ends_badly_is_not_uploaded(site: Site) -> None:
    script = site.own / "upload"
    script.write_text("#!/bin/sh\necho no space >&2\nexit 3\n")
    script.chmod(0o755)
    rows = await deployed(site, site.settings(kind="script", script=script, bucket="staging"), site.job())
    assert (rows[0].outcome, rows[0].reason) == (Outcome.NOT_UPLOADED, "the upload script ended with 3: no space")
    assert site.uploaded() == ""


async def test_a_record_that_cannot_be_written_fails_no_upload(site: Site) -> None:
    job = site.job()
    (site.directory().parent / "uploaded.txt").symlink_to("/etc/passwd")
    rows = await deployed(site, site.settings(), job)
    assert rows[0].outcome is Outcome.UPLOADED
    assert site.steps[-1].kind is StepKind.UNRECORDED


async def test_a_spool_that_cannot_be_written_is_told(site: Site) -> None:
    (site.own / "spool").write_text("in the way")
    rows = await deployed(site, site.settings(), site.job())
    assert (rows[0].outcome, rows[0].reason) == (Outcome.NOT_UPLOADED, "the spool cannot be written: File exists")


async def test_a_spool_that_is_full_is_told_and_the_next_artefact_is_tried(site: Site) -> None:
    settings = site.settings(signing={REPOSITORY_ID: SigningSettings(key=site.own / "none")})

    class Full(Directory):
        def url(self, bucket: str, key: str) -> str:  # noqa: ARG002 - the signature is the parent's
            raise OSError(errno.ENOSPC, "No space left on device")

    rows = await site.deployer(settings, Full(site.own / "out")).deploy(
        request(site.job(files={"a-1.tar.gz": tarball(), "b-1.tar.gz": tarball()}))
    )
    assert [row.reason for row in rows] == ["the spool failed: No space left on device"] * 2
    assert site.spooled() == []
