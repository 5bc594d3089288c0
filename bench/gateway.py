"""Submitting by the gateway, beside sbatch as the same user and slurmrestd; reading jobs; memory with many of them.

Everything is real: a cluster, the executor as root, ``headgate serve`` as an account without privileges.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx2
from sqlalchemy import Connection

from bench.kept_open import KeptOpen
from bench.report import Spread, print_goal, print_machine, print_table
from headgate.config.slurm import SlurmSettings
from headgate.model.submission import Phase, Submission
from headgate.slurm.rest.client import RestClient
from headgate.store import submissions
from headgate.store.store import Store
from headgate.testing.cluster import Cluster, temporary_cluster
from tests.gateway.made import submission
from tests.gateway.site import Gateway

SCRIPT = b"#!/bin/bash\ntrue\n"
OPTIONS: dict[str, str | int | bool] = {"hold": True, "time": "1"}
"""Jobs are held, so that what is measured is submitting, and not what the cluster does with them."""
WATCHER = {"interval": 10, "min_interval": 1}
"""As it is set by default: how often the queue is looked at while jobs come."""
_SETPRIV = ("/usr/bin/setpriv", "--reuid=ada", "--regid=ada", "--init-groups", "--")


@dataclass(frozen=True, slots=True)
class Rate:
    """How long single ones took (seconds), and how many a second there were from several clients."""

    seconds: list[float]
    a_second: float

    def row(self, name: str, base: Rate) -> list[str]:
        """Return a row of the table, beside the baseline."""
        own, other = statistics.median(self.seconds), statistics.median(base.seconds)
        late = sorted(self.seconds)[int(len(self.seconds) * 0.95)]
        return [
            name,
            Spread.of([one * 1000 for one in self.seconds]).text(".1f"),
            f"{late * 1000:.1f}",
            f"{own / other:.2f}",
            f"{self.a_second:,.0f}",
            f"{self.a_second / base.a_second:.2f}",
        ]


Submit = Callable[[], Awaitable[object]]


async def measure(ways: dict[str, Submit], single: int, together: int, clients: int) -> dict[str, Rate]:
    """Time each way, one after the other in turn; then each by several clients at once."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(single):
        for name, submit in ways.items():
            begun = time.perf_counter()
            await submit()
            seconds[name].append(time.perf_counter() - begun)
    rates: dict[str, Rate] = {}
    for name, submit in ways.items():

        async def client(many: int, submit: Submit = submit) -> None:
            for _ in range(many):
                await submit()

        begun = time.perf_counter()
        await asyncio.gather(*(client(together // clients) for _ in range(clients)))
        rates[name] = Rate(seconds[name], together / (time.perf_counter() - begun))
    return rates


def by_sbatch(cluster: Cluster, directory: Path) -> Submit:
    """Submit by sbatch as ada, as a portal that may become ada would."""
    command = [*_SETPRIV, str(cluster.bin / "sbatch"), "--parsable", "--hold", "--time=1"]
    env = {"PATH": "/usr/bin:/bin", "HOME": str(directory)}

    async def submit() -> None:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=directory, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        _, complaint = await process.communicate(SCRIPT)
        assert process.returncode == 0, complaint

    return submit


def by_slurmrestd(client: RestClient, directory: Path) -> Submit:
    """Submit by slurmrestd with ada's token."""

    async def submit() -> None:
        await client.submit("ada", str(directory), SCRIPT, OPTIONS, {})

    return submit


def by_gateway(client: KeptOpen) -> Submit:
    """Create and start a job by the gateway, with the least a client can do: what a library takes is not ours."""
    body = json.dumps({"script": SCRIPT.decode(), **OPTIONS}).encode()

    async def submit() -> None:
        status, said = await client.post("/jobs", body)
        assert status == 201, said

    return submit


def by_httpx(client: httpx2.AsyncClient) -> Submit:
    """Do the same with the client library that also asks slurmrestd here."""

    async def submit() -> None:
        answer = await client.post("/jobs", json={"script": SCRIPT.decode(), **OPTIONS})
        assert answer.status_code == 201, answer.text

    return submit


async def submitting(cluster: Cluster, directory: Path, single: int, together: int) -> bool:
    """Print how fast jobs are submitted, by either driver."""
    [key] = cluster.directory.rglob("jwt_hs256.key")
    copy = directory / "key"
    copy.write_bytes(key.read_bytes())
    copy.chmod(0o644)
    rest = {"url": cluster.rest_url, "user": "root", "key_file": str(copy)}
    settings = SlurmSettings.model_validate({"driver": "rest", "rest": rest})
    slurmrestd = RestClient(settings)
    here = cluster.shared / "bench"
    here.mkdir()
    here.chmod(0o777)
    cli, by_rest = directory / "cli", directory / "rest"
    for made in (cli, by_rest):
        made.mkdir(mode=0o755)
    async with (
        Gateway(cluster, cli, watcher=WATCHER) as gateway,
        Gateway(cluster, by_rest, None, watcher=WATCHER, slurm={"driver": "rest"}, slurm__rest=rest) as other,
        gateway.client() as client,
        other.client() as other_client,
        KeptOpen(gateway.port, {"X-Auth-Token": gateway.token, "User": "ada"}) as plain,
    ):
        ways = {
            "sbatch as the user": by_sbatch(cluster, here),
            "slurmrestd, by httpx": by_slurmrestd(slurmrestd, here),
            "gateway, commands": by_gateway(plain),
            "the same, by httpx": by_httpx(client),
            "gateway, slurmrestd, by httpx": by_httpx(other_client),
        }
        for submit in ways.values():
            await submit()
        rates = await measure(ways, single, together, 8)
        await reading(gateway, client)
    await slurmrestd.aclose()
    base = rates["sbatch as the user"]
    head = ["", "ms each", "95 % within", "x sbatch", "a second (8 clients)", "x sbatch"]
    print_table(head, [rate.row(name, base) for name, rate in rates.items()])
    print()
    ratio = statistics.median(rates["gateway, commands"].seconds) / statistics.median(base.seconds)
    fine = print_goal(f"a submit takes at most 1.2 x sbatch's time: {ratio:.2f} x", ratio <= 1.2)
    share = rates["gateway, slurmrestd, by httpx"].a_second / rates["slurmrestd, by httpx"].a_second
    return print_goal(f"with slurmrestd, at least its rate: {share:.2f} x", share >= 1.0) and fine


async def reading(gateway: Gateway, client: httpx2.AsyncClient, jobs: int = 10_000) -> None:
    """Print how fast jobs are read with many in the store, and how much memory the service takes."""
    before = resident(gateway)
    numbers = await asyncio.to_thread(fill, gateway, jobs)
    begun, asked = time.perf_counter(), 1000
    for at in range(asked):
        answer = await client.get(f"/jobs/{numbers[at % len(numbers)]}")
        assert answer.status_code == 200
    single = asked / (time.perf_counter() - begun)

    async def many(part: int) -> None:
        for at in range(asked // 8):
            await client.get(f"/jobs/{numbers[(at * 8 + part) % len(numbers)]}")

    begun = time.perf_counter()
    await asyncio.gather(*map(many, range(8)))
    several = asked / (time.perf_counter() - begun)
    begun = time.perf_counter()
    for _ in range(asked):
        await client.get("/ping")
    bare = asked / (time.perf_counter() - begun)
    begun, listed, path = time.perf_counter(), 0, "/jobs?limit=500"
    while path:
        answer = await client.get(path)
        listed += len(answer.json())
        path = answer.links.get("next", {}).get("url", "")
    pages = listed / (time.perf_counter() - begun)
    rows = [
        ["GET /ping (nothing is read)", f"{bare:,.0f}", "1.00"],
        ["GET /jobs/{id}, one client", f"{single:,.0f}", f"{single / bare:.2f}"],
        ["GET /jobs/{id}, 8 clients", f"{several:,.0f}", f"{several / bare:.2f}"],
        ["jobs listed, 500 a page", f"{pages:,.0f}", f"{pages / bare:.2f}"],
    ]
    print_table([f"with {jobs:,} jobs in the store", "a second", "x ping"], rows)
    print(f"\nmemory of the service: {before:.0f} MB before, {resident(gateway):.0f} MB after all of it\n")


def fill(gateway: Gateway, jobs: int) -> list[str]:
    """Put jobs that are over into the store, and return their ids."""
    store = Store(gateway.url)
    made = [
        submission(app_id=gateway.app.id, phase=Phase.CREATED, request={"output": "slurm-%j.out", "options": OPTIONS})
        for _ in range(jobs)
    ]
    for start in range(0, jobs, 1000):
        store.write_now(partial(add_all, made[start : start + 1000]))
    store.close()
    return [one.id for one in made]


def add_all(made: Sequence[Submission], connection: Connection) -> None:
    """Write submissions in one transaction."""
    for one in made:
        submissions.add(connection, one, None)


def resident(gateway: Gateway) -> float:
    """Return the memory of the service, in MB."""
    process = gateway.headgate._process  # noqa: SLF001 - there is no other way to it
    assert process is not None
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return 1 if a goal is missed."""
    parser = argparse.ArgumentParser(prog="./dev bench gateway", description=__doc__)
    parser.add_argument("--single", type=int, default=40, help="submissions timed one by one, by each way")
    parser.add_argument("--together", type=int, default=160, help="submissions by 8 clients at once, by each way")
    given = parser.parse_args(arguments)
    if os.geteuid() != 0:
        print("a cluster and the executor need root")
        return 1
    print_machine(given.single)
    with temporary_cluster(nodes=1) as cluster, tempfile.TemporaryDirectory(prefix="headgate-bench-") as made:
        Path(made).chmod(0o755)
        return 0 if asyncio.run(submitting(cluster, Path(made), given.single, given.together)) else 1
