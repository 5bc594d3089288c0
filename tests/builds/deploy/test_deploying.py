"""From a command in a pull request to the bucket: GitHub's webhook, the engine, ssh-keygen, a real S3 server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from headgate.builds.deploy.signing import public_key
from headgate.config.builds import SigningSettings
from headgate.store import audit
from headgate.store.audit import AuditFilter
from headgate.store.store import Store
from headgate.testing.s3.server import ObjectStoreServer
from tests.builds.bench import BUILD, table
from tests.builds.deploy.made import ARTEFACT, LEGACY, tarball
from tests.builds.deploy.test_s3 import credentials, name
from tests.builds.deploy.verify import verifies
from tests.builds.github_place import GitHubPlace, at_github
from tests.builds.incoming.signing import MODULES, needs_samples
from tests.builds.made_up_cluster import RESULT

pytestmark = needs_samples
REPOSITORY_ID = "site.org-2026"


def to_bucket(server: ObjectStoreServer, bucket: str, file: Path, **more: Any) -> dict[str, Any]:
    """Return settings that deploy to a bucket."""
    own = {"policy": "all", "kind": "s3", "bucket": bucket, "endpoint_url": server.url, "credentials": file}
    return {**own, "attempts": 1, "spool": file.parent / "spool", **more}


async def build(place: GitHubPlace) -> bytes:
    """Have the pull request built; return the artefact that its job left."""
    await place.github.say(place.pull, "ada", BUILD)
    await place.go()
    content = tarball("the software")
    (place.slurm.jobs[4711].directory / ARTEFACT).write_bytes(content)
    await place.through(4711, result=RESULT.replace("a.tar.gz", ARTEFACT))
    return content


async def command(place: GitHubPlace, words: str) -> None:
    """Have a command written, and everything be done about it."""
    await place.github.say(place.pull, "ada", words)
    await place.go()


async def audited(store: Store) -> list[str]:
    """Return what the audit log has of deploying, oldest first."""
    records = await store.read(lambda c: audit.find(c, AuditFilter(), limit=100))
    return [one.action for one in records if one.action.startswith("build deploy")]


async def test_what_was_built_arrives_signed_in_the_bucket_and_the_comment_tells_of_it(
    store: Store, tmp_path: Path, object_store: ObjectStoreServer, signing: SigningSettings
) -> None:
    bucket = name("bucket")
    object_store.client().create_bucket(Bucket=bucket)
    keys = credentials(tmp_path, object_store.key(name("deploys")))
    deploy = to_bucket(object_store, bucket, keys, signing={REPOSITORY_ID: signing})
    async with at_github(store, tmp_path, MODULES, deploy=deploy) as place:
        content = await build(place)
        assert object_store.objects(bucket) == {}
        await command(place, "bot: deploy")
        there, key = object_store.objects(bucket), f"{LEGACY}/{ARTEFACT}"
        assert set(there) == {f"{key}{end}" for end in ("", ".sig", ".meta.txt", ".meta.txt.sig")}
        assert there[key] == content
        allowed = await public_key(signing)
        for signed in (key, f"{key}.meta.txt"):
            assert verifies(there[signed], there[f"{signed}.sig"], allowed, "test-bot", tmp_path)
        [job] = await place.jobs()
        link = json.loads(there[f"{key}.meta.txt"])["link2pr"]
        assert link == {"repo": "org/software", "pr": "7", "pr_comment_id": str(job.comment_id)}
        _, told, answer = place.bodies()
        assert table(told) == ["submitted", "released", "running", "finished", "test result", "uploaded"]
        assert f"|transfer of `{ARTEFACT}` to S3 bucket succeeded|" in told
        assert f"`{ARTEFACT}` of job `4711`: uploaded" in answer
        steps = ["copied", "signed", "signed", "sent", "recorded"]
        assert await audited(store) == [f"build deploy {step}" for step in steps]
        [record] = place.slurm.root.rglob("uploaded.txt")
        assert record.read_text() == f"4711/{ARTEFACT}\n"


async def test_a_bucket_that_is_missing_is_told_of_and_the_command_can_be_given_again(
    store: Store, tmp_path: Path, object_store: ObjectStoreServer
) -> None:
    bucket = name("bucket")
    keys = credentials(tmp_path, object_store.key(name("deploys")))
    async with at_github(store, tmp_path, MODULES, deploy=to_bucket(object_store, bucket, keys)) as place:
        content = await build(place)
        await command(place, "bot: deploy")
        assert table(place.bodies()[1])[-1] == "not uploaded"
        assert "the object store answered 404 NoSuchBucket" in place.bodies()[2]
        object_store.client().create_bucket(Bucket=bucket)
        await command(place, "bot: deploy")
        assert table(place.bodies()[1])[-2:] == ["not uploaded", "uploaded"]
        assert object_store.objects(bucket)[f"{LEGACY}/{ARTEFACT}"] == content
