from __future__ import annotations

import contextlib
import socket

import pytest

from headgate.testing.cluster import ports
from headgate.testing.cluster.errors import ClusterError


def test_ports_of_other_clusters_are_left_to_them() -> None:
    first = ports.allocate(4, frozenset())
    second = ports.allocate(4, first.all())
    assert len(first.all()) == len(second.all()) == 7
    assert not first.all() & second.all()


def test_a_port_that_somebody_listens_on_is_not_taken() -> None:
    with socket.socket() as taken:
        while not taken.getsockname()[1]:
            with contextlib.suppress(OSError):  # somebody else was quicker
                taken.bind(("127.0.0.1", ports.allocate(1, frozenset()).slurmdbd))
        taken.listen()
        port = taken.getsockname()[1]
        assert not ports.is_free(port)
        assert port not in ports.allocate(1, frozenset()).all()


def test_without_free_ports_one_is_told_so() -> None:
    with pytest.raises(ClusterError, match="no 7 free ports in a row"):
        ports.allocate(4, range(ports.FIRST, ports.LAST + 1, 5))
