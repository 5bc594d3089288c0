"""What all tests share: stores on both databases, and real Slurm clusters."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import pytest
import structlog
from hypothesis import HealthCheck
from sqlalchemy import Connection, text

from headgate.store.migrate import migrate
from headgate.store.store import Store
from headgate.store.tables import metadata
from headgate.testing.cluster import Cluster, temporary_cluster
from headgate.testing.postgresql import PostgresServer

# No test of ours fails because its machine is busy: neither one example nor making it has a time that it may take.
hypothesis.settings.register_profile(
    "headgate", hypothesis.settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis.settings.load_profile("headgate")
DEFAULT_SLURM = "22.05"
SLURM_VERSIONS = ("20.11", "22.05", "24.11", "26.05")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slurm", default=DEFAULT_SLURM, help="Slurm versions of the contract tests: one, or 'all'")
    parser.addoption("--every-kill", action="store_true", help="kill a service that builds at twice as many points")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the contract tests on every version asked for, and other tests that need Slurm on Debian 12's."""
    for fixture in {"slurm_cluster", "operated_cluster"}.intersection(metafunc.fixturenames):
        versions = [DEFAULT_SLURM]
        if metafunc.definition.get_closest_marker("contract"):
            asked = metafunc.config.getoption("--slurm")
            versions = list(SLURM_VERSIONS) if asked == "all" else [asked]
        metafunc.parametrize(fixture, versions, indirect=True, scope="session")


@pytest.fixture(autouse=True)
def _logs_as_they_are() -> None:
    """Let no test find the log as a command or a service before it left it."""
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def slurm_cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A real cluster, kept for the session: tests submit to it, and put back whatever they stop."""
    if os.geteuid() != 0:
        pytest.skip("a Slurm cluster needs root")
    with temporary_cluster(slurm=request.param) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def operated_cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A real cluster for tests that take its nodes out of service, kept for the session: nobody else has jobs on it.

    A node that is down stays so until somebody resumes it.
    """
    if os.geteuid() != 0:
        pytest.skip("a Slurm cluster needs root")
    with temporary_cluster(slurm=request.param, extra_conf={"ReturnToService": "0"}) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A private PostgreSQL server, kept for the session."""
    with PostgresServer() as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/headgate.db"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture(scope="session")
def prepared_url(postgres: PostgresServer) -> str:
    """The URL of a database with all tables, on PostgreSQL: to make one takes longer than to empty it."""
    url = postgres.new_database()
    opened = Store(url, pool=1)
    migrate(opened)
    opened.close()
    return url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """An open, empty store."""
    if request.param == "sqlite":
        opened = Store(f"sqlite:///{tmp_path}/headgate.db")
        await asyncio.to_thread(migrate, opened)
    else:
        opened = Store(request.getfixturevalue("prepared_url"), pool=5)
        await opened.write(_empty)
    yield opened
    await asyncio.to_thread(opened.close)


def _empty(connection: Connection) -> None:
    names = ", ".join(metadata.tables)
    connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
