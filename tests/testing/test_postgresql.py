from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from headgate.testing.cluster.errors import ClusterError
from headgate.testing.postgresql import PostgresServer

pytestmark = pytest.mark.postgresql


def _wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_each_new_database_is_empty_and_apart_from_the_others_and_nothing_is_left() -> None:
    with PostgresServer() as server:
        directory, pid = server.directory, server.pid
        first, second = server.new_database(), server.new_database()
        with psycopg.connect(first) as connection:
            connection.execute("CREATE TABLE numbers AS SELECT 1 AS number")
        with psycopg.connect(second) as connection:
            found = connection.execute("SELECT count(*) FROM pg_tables WHERE tablename = 'numbers'").fetchone()
            fsync = connection.execute("SHOW fsync").fetchone()
        assert found == (0,)
        assert fsync == ("on",)
    assert not directory.exists()
    assert not Path(f"/proc/{pid}").exists()


def test_a_database_can_be_copied_and_removed() -> None:
    with PostgresServer() as server:
        url = server.new_database()
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE numbers AS SELECT 1 AS number")
        copy = server.new_database(template=url)
        server.drop_database(url)
        with psycopg.connect(copy) as connection:
            assert connection.execute("SELECT number FROM numbers").fetchone() == (1,)
        with pytest.raises(psycopg.OperationalError, match="does not exist"):
            psycopg.connect(url)


def test_what_was_committed_outlives_a_crash_and_a_new_start() -> None:
    with PostgresServer() as server:
        url = server.new_database()
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE numbers AS SELECT 1 AS number")
        server.stop(signal.SIGQUIT)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(url)
        server.start()
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT number FROM numbers").fetchone() == (1,)


def test_settings_reach_the_server_and_a_wrong_one_is_told() -> None:
    with PostgresServer({"max_connections": "17"}) as server, psycopg.connect(server.url) as connection:
        assert connection.execute("SHOW max_connections").fetchone() == ("17",)
    with pytest.raises(ClusterError, match="no_such_setting"), PostgresServer({"no_such_setting": "1"}):
        pass


def test_the_server_ends_with_a_process_that_is_killed() -> None:
    program = (
        "import time\n"
        "from headgate.testing.postgresql import PostgresServer\n"
        "with PostgresServer() as server:\n"
        "    print(server.pid, server.directory, flush=True)\n"
        "    time.sleep(600)\n"
    )
    owner = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    with owner:
        assert owner.stdout is not None
        pid, directory = owner.stdout.readline().split()
        assert Path(f"/proc/{pid}").exists()
        owner.kill()
    assert _wait_for(lambda: not Path(f"/proc/{pid}").exists() and not Path(directory).exists())
