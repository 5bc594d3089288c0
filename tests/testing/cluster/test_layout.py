from __future__ import annotations

from pathlib import Path

import pytest

from headgate.testing.cluster.errors import ClusterError
from headgate.testing.cluster.layout import Layout


@pytest.mark.parametrize("name", ["", "..", "a/b", "1st", "-x", "Dev", "a b", "a\n", "a" * 32])
def test_a_name_that_is_no_cluster_name_is_refused(name: str) -> None:
    with pytest.raises(ClusterError, match="is no cluster name"):
        Layout(Path("/clusters"), name)


def test_everything_lies_in_the_clusters_directory() -> None:
    layout = Layout(Path("/clusters"), "test-1_a")
    assert layout.directory == Path("/clusters/test-1_a")
    assert all(path.is_relative_to(layout.directory) for path in (layout.slurm_conf, layout.state, layout.output("n1")))


def test_slurms_daemons_have_a_log_beside_what_they_print() -> None:
    layout = Layout(Path("/clusters"), "one")
    assert layout.log("slurmctld").name == "slurmctld.log"
    assert layout.log("n3").name == "n3.log"
    assert layout.log("munged") == layout.output("munged")
