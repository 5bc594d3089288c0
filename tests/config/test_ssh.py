"""Settings of acting by SSH that make no sense are refused."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from headgate.config.executor import ExecutorSettings
from headgate.config.ssh import SshSettings

RIGHT = {"host": "login.example.org", "known_hosts": "/etc/headgate/known_hosts", "keys": "/etc/headgate/keys/%u"}


@pytest.mark.parametrize(
    "changes",
    [
        {"host": "-oProxyCommand=id"},
        {"host": "a b"},
        {"port": 0},
        {"known_hosts": "known_hosts"},
        {"known_hosts": None},
        {"keys": "/etc/headgate/key"},
        {"keys": "keys/%u"},
        {"keys": None},
        {"command": ["/usr/bin/give-key"]},
        {"keys": None, "command": []},
        {"keys": None, "command": ["give-key"]},
        {"python": "python3"},
        {"python": "/usr/bin/python3; id"},
        {"python": "/usr/bin/python3 -c"},
        {"python": "/usr/bin/$(id)"},
        {"bin": "bin"},
        {"clusters": {"other": {"bin": "bin"}}},
        {"connections": 0},
        {"password": "x"},
    ],
    ids=lambda changes: "-".join(f"{key}={value}" for key, value in changes.items()),
)
def test_what_cannot_be_meant_is_refused(changes: dict[str, object]) -> None:
    SshSettings.model_validate(RIGHT)
    with pytest.raises(ValidationError):
        SshSettings.model_validate({**RIGHT, **changes})


@pytest.mark.parametrize("host", ["login1", "192.0.2.1", "2001:db8::1", "login.example.org"])
def test_a_login_node_has_a_name_or_an_address(host: str) -> None:
    assert SshSettings.model_validate({**RIGHT, "host": host}).host == host


def test_the_way_ssh_needs_its_settings() -> None:
    with pytest.raises(ValidationError, match=r"\[executor.ssh\] is needed"):
        ExecutorSettings.model_validate({"way": "ssh"})
    assert ExecutorSettings.model_validate({"way": "ssh", "ssh": RIGHT}).ssh is not None


def test_clusters_have_places_of_their_own() -> None:
    settings = SshSettings.model_validate(
        {**RIGHT, "bin": "/opt/slurm/bin", "clusters": {"b": {"conf": "/etc/b.conf"}}}
    )
    assert {name: (str(at.bin), str(at.conf or "")) for name, at in settings.slurm.items()} == {
        "": ("/opt/slurm/bin", ""),
        "b": ("/usr/bin", "/etc/b.conf"),
    }
