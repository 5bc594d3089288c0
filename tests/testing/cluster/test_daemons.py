from __future__ import annotations

from pathlib import Path

import pytest

from headgate.testing.cluster import daemons
from headgate.testing.cluster.configuration import Description
from headgate.testing.cluster.installation import HOST
from headgate.testing.cluster.layout import Layout
from headgate.testing.cluster.ports import Ports

DESCRIPTION = Description(Layout(Path("/clusters"), "one"), Ports(20000, 20001, 20002, (20003, 20004)), "head")


def test_daemons_start_in_the_order_in_which_they_need_each_other() -> None:
    assert daemons.names(("n1", "n2")) == ("munged", "mariadb", "slurmdbd", "slurmctld", "n1", "n2", "slurmrestd")


@pytest.mark.parametrize("name", daemons.names(DESCRIPTION.nodes))
def test_every_daemon_is_marked_and_stays_in_the_foreground(name: str) -> None:
    environment = daemons.environment(name, DESCRIPTION)
    assert environment["HEADGATE_CLUSTER"] == "/clusters/one"
    assert environment["SLURM_CONF"] == "/clusters/one/etc/slurm.conf"
    argv = daemons.argv(name, DESCRIPTION, HOST)
    assert name in {"mariadb", "slurmrestd"} or {"-D", "--foreground"} & set(argv)


def test_slurmrestd_is_no_privileged_account() -> None:
    argv = daemons.argv("slurmrestd", DESCRIPTION, HOST)
    assert "--reuid=headgate-rest" in argv
    assert argv[-3:] == ["-a", "rest_auth/jwt", "127.0.0.1:20002"]


@pytest.mark.parametrize("state", ["idle", "mixed", "allocated", "drained", "draining", "down", "planned"])
def test_a_node_that_reported_is_registered_whatever_was_done_to_it(state: str) -> None:
    assert daemons.is_registered(state)


@pytest.mark.parametrize("state", ["unknown", "unknown*", "idle*", "down*", "inval", "future"])
def test_a_node_that_did_not_report_or_reported_nonsense_is_not(state: str) -> None:
    assert not daemons.is_registered(state)


def test_what_does_not_listen_is_not_ready() -> None:
    for name in ("munged", "slurmctld", "n1"):
        assert not daemons.is_ready(name, DESCRIPTION, lambda _: pytest.fail("asked a dead daemon"))
