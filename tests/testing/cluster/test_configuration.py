from __future__ import annotations

from pathlib import Path

from headgate.testing.cluster.configuration import Description, database_setup, gres_conf, slurm_conf, slurmdbd_conf
from headgate.testing.cluster.layout import Layout
from headgate.testing.cluster.ports import Ports

LAYOUT = Layout(Path("/clusters"), "one")
PORTS = Ports(20000, 20001, 20002, (20003, 20004, 20005))


def keys(text: str) -> dict[str, str]:
    lines = [line for line in text.splitlines() if not line.startswith(("NodeName", "PartitionName"))]
    return dict(line.split("=", 1) for line in lines)


def test_slurmctld_and_nodes_listen_on_the_clusters_own_ports() -> None:
    text = slurm_conf(Description(LAYOUT, PORTS, "head"))
    assert keys(text)["SlurmctldHost"] == "head(127.0.0.1)"
    assert keys(text)["SlurmctldPort"] == "20000"
    assert "NodeName=n[1-3] NodeHostname=head NodeAddr=127.0.0.1 Port=[20003-20005] " in text


def test_one_node_is_written_without_brackets() -> None:
    assert "NodeName=n1 NodeHostname=head NodeAddr=127.0.0.1 Port=20003 " in slurm_conf(
        Description(LAYOUT, Ports(20000, 20001, 20002, (20003,)), "head")
    )


def test_a_key_of_the_user_takes_the_place_of_ours_and_new_keys_are_added() -> None:
    described = Description(LAYOUT, PORTS, "head", extra={"MinJobAge": "7", "Epilog": "/bin/true"})
    lines = slurm_conf(described).splitlines()
    assert [line for line in lines if line.startswith("MinJobAge")] == ["MinJobAge=7"]
    assert "Epilog=/bin/true" in lines


def test_the_mail_program_is_named() -> None:
    assert keys(slurm_conf(Description(LAYOUT, PORTS, "head", mail_prog=Path("/x/mail"))))["MailProg"] == "/x/mail"


def test_another_versions_plugins_are_named_to_all_daemons() -> None:
    described = Description(LAYOUT, PORTS, "head", plugins=Path("/tree/plugins"))
    assert keys(slurm_conf(described))["PluginDir"] == keys(slurmdbd_conf(described))["PluginDir"] == "/tree/plugins"
    assert "PluginDir" not in keys(slurm_conf(Description(LAYOUT, PORTS, "head")))


def test_both_sides_of_accounting_meet() -> None:
    described = Description(LAYOUT, PORTS, "head")
    controller, database = keys(slurm_conf(described)), keys(slurmdbd_conf(described))
    assert controller["AccountingStoragePort"] == database["DbdPort"] == "20001"
    assert controller["AuthInfo"] == database["AuthInfo"] == "socket=/clusters/one/munge/munge.socket"
    assert controller["AuthAltParameters"] == database["AuthAltParameters"]


def test_the_database_knows_slurm_by_its_account_and_no_password_is_written() -> None:
    assert "IDENTIFIED VIA unix_socket" in database_setup()
    assert "StoragePass" not in slurmdbd_conf(Description(LAYOUT, PORTS, "head"))


def test_gpus_have_files() -> None:
    assert gres_conf(LAYOUT) == "Name=gpu File=/clusters/one/gpus/gpu[0-1]\n"
