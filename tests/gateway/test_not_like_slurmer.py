# ruff: noqa: ASYNC221, ASYNC240 - nothing else waits for this loop; the service has its own
"""What Slurmer does wrong, one test for each: Headgate does not."""

from __future__ import annotations

import asyncio
import io
import os
import sqlite3
import stat
import subprocess
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from headgate.testing.cluster import Cluster, temporary_cluster
from tests.gateway.site import SERVICE, SLEEP, Gateway, until

pytestmark = [pytest.mark.slurm, pytest.mark.asyncio(loop_scope="module")]


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return file.getvalue()


def names_in(directory: str) -> set[str]:
    return {one.name for one in Path(directory).iterdir()}


async def output(gateway: Gateway, script: str, **request: Any) -> str:
    """Run a script as ada and return its output."""
    async with gateway.client() as ada:
        made = await gateway.submit(ada, script=script, **request)
        over = await gateway.ended(ada, made["id"])
        answer = await ada.get(f"/jobs/{made['id']}/out")
        assert answer.status_code == 200, (answer.text, over)
        return answer.text


# Tokens


@pytest.mark.parametrize("token", [None, "hgt_" + "x" * 43, "", "x" * 4000])
async def test_nobody_lists_or_makes_apps_without_an_administrators_token(gateway: Gateway, token: str | None) -> None:
    async with gateway.client(None) as stranger:
        del stranger.headers["X-Auth-Token"]
        headers = {} if token is None else {"X-Auth-Token": token}
        for answer in (
            await stranger.get("/apps", headers=headers),
            await stranger.post("/apps", json={"name": "mine", "rules": {"any_user": True}}, headers=headers),
            await stranger.get(f"/apps/{gateway.app.id}", headers=headers),
        ):
            assert answer.status_code == 401
            assert gateway.token not in answer.text
    async with gateway.client(None) as app:
        for method, path in (
            ("GET", "/apps"), ("POST", "/apps"), ("PATCH", f"/apps/{gateway.app.id}"),
            ("DELETE", f"/apps/{gateway.app.id}"), ("POST", f"/apps/{gateway.app.id}/tokens"),
        ):  # fmt: skip
            answer = await app.request(method, path, json={"name": "mine"} if method == "POST" else {})
            assert answer.status_code == 403, (method, path)


async def test_no_answer_no_log_and_no_store_holds_a_token(gateway: Gateway) -> None:
    async with gateway.client(None) as app, gateway.client(None, gateway.admin) as admin:
        shown = [
            (await app.get(f"/apps/{gateway.app.id}")).text,
            (await app.get(f"/apps/{gateway.app.id}/tokens")).text,
            (await admin.get("/apps")).text,
            (await app.get(f"/jobs?token={gateway.token}")).text,
        ]
    kept = b"".join(Path(f"{gateway.directory}/{name}").read_bytes() for name in ("headgate.db", "headgate.db-wal"))
    logged = gateway.headgate.log.read_text() + gateway.executor.log.read_text()
    for token in (gateway.token, gateway.admin):
        assert not [text for text in shown if token in text]
        assert token.encode() not in kept
        assert token not in logged
    with sqlite3.connect(f"file:{gateway.directory}/headgate.db?mode=ro", uri=True) as database:
        hashes = [row[0] for row in database.execute("SELECT hash FROM app_tokens")]
    database.close()
    assert all(len(one) == 64 for one in hashes)


# Other users


async def test_another_users_job_is_not_there_for_any_route(gateway: Gateway) -> None:
    async with gateway.client() as ada, gateway.client("ben") as ben:
        made = await gateway.submit(ada, script=SLEEP)
        for prefix in ("", f"/apps/{gateway.app.id}"):
            path = f"{prefix}/jobs/{made['id']}"
            for method, below in (
                ("GET", ""), ("DELETE", ""), ("PATCH", ""), ("GET", "/batch"), ("GET", "/out"), ("GET", "/err"),
                ("GET", "/files"), ("POST", "/files"), ("GET", "/tree"), ("GET", "/files/batch.sh"),
                ("PUT", "/files/batch.sh"), ("DELETE", "/files/batch.sh"), ("GET", "/checksum/batch.sh"),
                ("PUT", "/start"), ("PUT", "/stop"), ("PUT", "/prune"), ("PUT", "/hold"), ("PUT", "/status"),
                ("GET", "/tasks"),
            ):  # fmt: skip
                body = {"json": "stopped"} if below == "/status" else {"json": {"comment": "x"}}
                answer = await ben.request(method, f"{path}{below}", **(body if method in ("PATCH", "PUT") else {}))
                assert answer.status_code == 404, (method, below, answer.text)
            listed = await ben.get(f"{prefix}/jobs")
            assert made["id"] not in listed.text
        assert (await gateway.job(ada, made["id"]))["status"] == "started"
        await ada.delete(f"/jobs/{made['id']}")


async def test_an_app_acts_only_for_those_its_rules_name(gateway: Gateway) -> None:
    async with gateway.client(None, gateway.admin) as admin:
        app = (await admin.post("/apps", json={"name": "of-ada", "rules": {"users": ["ada"]}})).json()
    async with gateway.client("ben", app["access_token"]) as ben, gateway.client("root", app["access_token"]) as root:
        assert (await ben.get("/jobs")).status_code == 403
        assert (await root.post("/jobs", json={"script": SLEEP})).status_code == 403
    async with gateway.client("ada", app["access_token"]) as ada:
        assert (await ada.get("/jobs")).status_code == 200


@pytest.mark.parametrize("user", ["root", "daemon", SERVICE, "slurm", "no-such-user"])
async def test_nobody_acts_for_root_or_system_accounts_even_if_the_app_may_for_everybody(
    gateway: Gateway, user: str
) -> None:
    async with gateway.client(user) as client:
        answer = await client.post("/jobs", json={"script": SLEEP})
        assert answer.status_code == 403, answer.text


# The job's surroundings


async def test_the_job_has_its_users_gid_and_groups_and_no_others(gateway: Gateway) -> None:
    said = await output(gateway, "#!/bin/sh\nid -u; id -g; id -G\n")
    asked = (["/usr/bin/id", option, "ada"] for option in ("-u", "-g", "-G"))
    known = [subprocess.run(argv, capture_output=True, text=True, check=True).stdout for argv in asked]
    assert said == "".join(known)


async def test_nothing_of_the_services_environment_reaches_the_job(gateway: Gateway) -> None:
    names = {line.partition("=")[0] for line in (await output(gateway, "#!/bin/sh\nenv\n")).splitlines()}
    served = Path(f"/proc/{gateway.headgate.pid}/environ").read_bytes().split(b"\0")
    others = {one.partition(b"=")[0].decode() for one in served} | {
        one.partition("=")[0] for one in os.environ
    }  # the tests' own, which both daemons were started from
    known = {
        "HOME",
        "LANG",
        "LOGNAME",
        "PATH",
        "PWD",
        "SHELL",
        "SHLVL",
        "USER",
        "TMPDIR",
        "HOSTNAME",
        "ENVIRONMENT",
        "_",
    }
    leaked = {name for name in names & others if not name.startswith(("SLURM", "SBATCH"))} - known
    assert not leaked
    path = await output(gateway, "#!/bin/sh\necho $PATH\n")
    assert ".venv" not in path


async def test_a_program_of_the_users_in_path_is_not_run_by_the_executor(gateway: Gateway) -> None:
    """Slurmer's executor found ``tee`` by the caller's PATH."""
    async with gateway.client() as ada:
        made = await gateway.submit(ada, script="#!/bin/sh\n", start=False)
        trap = b"#!/bin/sh\ntouch trapped\nexec /usr/bin/false\n"
        for name in ("sbatch", "tee", "mkdir"):
            await ada.put(f"/jobs/{made['id']}/files/{name}", content=trap)
        assert (await ada.put(f"/jobs/{made['id']}/start")).status_code == 204
        await gateway.ended(ada, made["id"])
        assert "trapped" not in names_in(made["directory"])


@pytest.mark.parametrize(
    "word", ["it's", '"quoted"', "$(id)", "`id`", "a b", "*", "\\", "--help", "-", "ü", "a\nb", ";"]
)
async def test_every_argument_arrives_as_one_word(gateway: Gateway, word: str) -> None:
    async with gateway.client() as ada:
        made = await gateway.submit(ada, command="/usr/bin/printf", args=["[%s]", word], chdir="/tmp")  # noqa: S108
        await gateway.ended(ada, made["id"])
        assert (await ada.get(f"/jobs/{made['id']}/out")).text == f"[{word}]"


@pytest.mark.parametrize("field", ["comment", "job_name", "wckey", "account", "partition"])
async def test_no_field_smuggles_another_option_in(gateway: Gateway, field: str) -> None:
    value = "x --partition=nope --uid=0"
    async with gateway.client() as ada:
        answer = await ada.post("/jobs", json={"script": SLEEP, "hold": True, field: value})
        if answer.status_code == 201:
            job = str(answer.json()["slurm_id"])
            shown = gateway.cluster.command("scontrol", "--oneliner", "show", "job", job)
            assert f"={value} " in f"{shown} "
            assert "Partition=nope" not in shown
            assert (await ada.delete(f"/jobs/{answer.json()['id']}")).status_code == 200
        else:
            assert answer.status_code == 400, answer.text
            assert field in ("wckey", "account", "partition")


@pytest.mark.parametrize("field", ["comment", "job_name", "dependency", "output"])
async def test_a_line_break_begins_no_new_sbatch_line(gateway: Gateway, field: str) -> None:
    async with gateway.client() as ada:
        answer = await ada.post("/jobs", json={"script": SLEEP, field: "x\n#SBATCH --partition=nope"})
        assert answer.status_code == 400


async def test_a_script_of_two_megabytes_is_submitted(gateway: Gateway) -> None:
    """Slurmer's executor hangs for ever from 64 KiB on."""
    script = "#!/bin/sh\n" + "# filler filler filler filler filler filler\n" * 50_000 + "echo the end\n"
    assert len(script) > 2_000_000
    assert await output(gateway, script) == "the end\n"


# Files


async def test_a_link_to_a_secret_shows_nothing_of_it(gateway: Gateway) -> None:
    """Alice linked to Slurmer's configuration, and found all tokens in the zip file."""
    secret = gateway.headgate.config
    bens = gateway.users / "ben" / "private"
    bens.write_text("ben's own")
    links = {"leak": secret, "bens": bens, "s": "/etc/shadow", "root": "/", "own": "$PWD/batch.sh"}
    script = "#!/bin/sh\n" + "".join(f"ln -s {to} {name}\n" for name, to in links.items())
    async with gateway.client() as ada:
        made = await gateway.submit(ada, script=script)
        over = await gateway.ended(ada, made["id"])
        path = f"/jobs/{made['id']}"
        for name in ("leak", "bens", "s", "root/etc/passwd", "own"):
            for answer in (await ada.get(f"{path}/files/{name}"), await ada.get(f"{path}/checksum/{name}")):
                assert answer.status_code in (400, 403), (name, answer.text)
        whole = await ada.get(f"{path}/files")
        with zipfile.ZipFile(io.BytesIO(whole.content)) as archive:
            assert set(archive.namelist()) == {"batch.sh", f"slurm-{over['slurm_id']}.out"}
        # A link in place of the output or the script is no way either.
        link = ["/usr/bin/ln", "-sf", str(secret), f"{over['directory']}/batch.sh"]
        subprocess.run(["/usr/sbin/runuser", "-u", "ada", "--", *link], check=True)
        assert (await ada.get(f"{path}/batch")).status_code in (400, 403)
        assert (await ada.put(f"{path}/files/leak", content=b"x")).status_code in (201, 400, 403, 409)
        assert "[store]" in secret.read_text()
        # Nor is writing or removing through one.
        assert (await ada.put(f"{path}/files/root/tmp/written", content=b"x")).status_code in (400, 403)
        assert (await ada.delete(f"{path}/files/root/tmp")).status_code in (400, 403)
        assert (await ada.delete(path)).status_code == 200
        assert bens.read_text() == "ben's own"


@pytest.mark.parametrize(
    "name",
    ["../slipped", "/tmp/slipped", "a/../../slipped", "..\\slipped", "a/./b", "//x", "C:/x", "nul\0x"],  # noqa: S108 - it must not be made
)
async def test_a_zip_file_unpacks_into_the_jobs_directory_only(gateway: Gateway, name: str) -> None:
    async with gateway.client() as ada:
        made = await gateway.submit(ada, script=SLEEP, start=False)
        form = {"job_dir": ("x.zip", zipped((name, b"slipped"), ("fine", b"x")), "application/zip")}
        answer = await ada.post(f"/jobs/{made['id']}/files", files=form)
        assert answer.status_code in (200, 400, 403), answer.text
        above = Path(made["directory"]).parent
        assert not [one for one in above.rglob("*slipped*") if Path(made["directory"]) not in one.parents]
        assert not Path("/tmp/slipped").exists()  # noqa: S108 - it must not be there
        assert (await ada.delete(f"/jobs/{made['id']}")).status_code == 200


async def test_a_zip_file_brings_no_links_and_no_special_rights(gateway: Gateway) -> None:
    link, setuid = zipfile.ZipInfo("link"), zipfile.ZipInfo("setuid")
    link.create_system = setuid.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    setuid.external_attr = (stat.S_IFREG | 0o6755) << 16
    async with gateway.client() as ada:
        made = await gateway.submit(ada, script=SLEEP, start=False)
        for entry, data in ((link, b"/etc/passwd"), (setuid, b"x")):
            form = {"job_dir": ("x.zip", zipped((entry, data)), "application/zip")}
            await ada.post(f"/jobs/{made['id']}/files", files=form)
        for path in Path(made["directory"]).iterdir():
            assert not path.is_symlink()
            assert not path.stat().st_mode & 0o7000


async def test_a_zip_bomb_is_refused_and_leaves_nothing(gateway: Gateway) -> None:
    bomb = zipped(("zeros", bytes(300 * 1024 * 1024)))
    assert len(bomb) < 400_000
    async with gateway.client() as ada:
        made = await gateway.submit(ada, script=SLEEP, start=False)
        form = {"job_dir": ("x.zip", bomb, "application/zip")}
        answer = await ada.post(f"/jobs/{made['id']}/files", files=form)
        assert answer.status_code in (400, 413), answer.text
        assert sum(one.stat().st_size for one in Path(made["directory"]).iterdir()) < 1_000_000
        assert (await ada.get(f"/jobs/{made['id']}")).status_code == 200


async def test_many_downloads_at_once_do_not_disturb_the_service(gateway: Gateway) -> None:
    """Slurmer changed the directory of the whole process for each."""
    async with gateway.client() as ada:
        made = []
        for number in range(4):
            one = await gateway.submit(ada, script=SLEEP, start=False)
            await ada.put(f"/jobs/{one['id']}/files/data", content=f"of {number}".encode())
            made.append(one["id"])
        before = Path(f"/proc/{gateway.headgate.pid}/cwd").readlink()
        answers = await asyncio.gather(*(ada.get(f"/jobs/{job}/files") for job in made * 5))
        for number, answer in enumerate(answers):
            assert answer.status_code == 200, answer.text
            with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
                assert archive.read("data") == f"of {number % 4}".encode()
        assert Path(f"/proc/{gateway.headgate.pid}/cwd").readlink() == before
        assert (await ada.get("/jobs")).status_code == 200


# Going on


async def test_a_status_that_failed_blocks_no_later_one(gateway: Gateway) -> None:
    """Slurmer answered 409 to every PUT of a status after one that had failed."""
    async with gateway.client() as ada:
        bad = await gateway.submit(ada, script=SLEEP, partition="nowhere", start=False)
        good = await gateway.submit(ada, script=SLEEP, start=False)
        assert (await ada.put(f"/jobs/{bad['id']}/status", json="started")).status_code == 400
        assert (await ada.put(f"/jobs/{bad['id']}/status", json="started")).status_code == 400
        assert (await ada.put(f"/jobs/{good['id']}/status", json="started")).status_code == 200
        answers = await asyncio.gather(*(ada.put(f"/jobs/{good['id']}/status", json="stopped") for _ in range(5)))
        assert {one.status_code for one in answers} == {200}


async def test_a_directory_that_is_gone_is_told_and_the_job_runs_nowhere_else(gateway: Gateway) -> None:
    """Slurmer's executor ignored that it could not enter the directory, and ran the command in the service's."""
    async with gateway.client() as ada:
        made = await gateway.submit(ada, script="#!/bin/sh\npwd\n", start=False)
        Path(made["directory"]).rename(f"{made['directory']}.gone")
        answer = await ada.put(f"/jobs/{made['id']}/start")
        assert answer.status_code == 404
        assert (await gateway.job(ada, made["id"]))["status"] == "stopped"


async def test_the_service_lives_on_when_slurm_is_away_and_tells_what_happened_meanwhile() -> None:
    """A single failed squeue ended Slurmer; a job that Slurm had forgotten lost its outcome and its output."""
    with temporary_cluster(extra_conf={"MinJobAge": "2"}) as cluster:
        directory = Path(tempfile.mkdtemp(prefix="service-", dir=cluster.shared))
        async with Gateway(cluster, directory) as gateway:
            async with gateway.client() as ada:
                made = await gateway.submit(ada, script="#!/bin/sh\necho out; sleep 3; exit 7\n")
                await gateway.until(ada, made["id"], lambda shown: shown["state"] == "RUNNING")
                await asyncio.to_thread(cluster.stop, "slurmctld")
                await asyncio.sleep(4)
                assert (await gateway.job(ada, made["id"]))["status"] == "started"
                refused = await ada.post("/jobs", json={"script": SLEEP})
                assert refused.status_code in (400, 503), refused.text
                await asyncio.to_thread(cluster.start, "slurmctld")
                over = await gateway.ended(ada, made["id"])
                assert (over["state"], over["exit_code"]) == ("FAILED", 7)
            await forgotten(cluster, made["slurm_id"])
            await gateway.headgate.stop()
            await gateway.headgate.start()
            await gateway.ready()
            async with gateway.client() as ada:
                kept = await gateway.until(ada, made["id"], lambda shown: shown["accounting"] is not None)
                assert (kept["state"], kept["exit_code"], kept["slurm_id"]) == ("FAILED", 7, made["slurm_id"])
                assert kept["accounting"]["state"] == "FAILED"
                assert kept["slurm_job"]["job_state"] == "FAILED"
                assert (await ada.get(f"/jobs/{made['id']}/out")).text == "out\n"
                assert (await ada.put(f"/jobs/{made['id']}/start")).status_code == 204
                again = await gateway.ended(ada, made["id"])
                assert again["slurm_id"] > made["slurm_id"]


async def forgotten(cluster: Cluster, job: int) -> None:
    """Wait until slurmctld does not know a job any more."""
    await until(lambda: cluster.job_state(job) == "", patience=120)
