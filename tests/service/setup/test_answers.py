from __future__ import annotations

import pytest

from headgate.connectors.mailto.settings import Security
from headgate.errors import ConfigError
from headgate.service.setup.answers import domain_of, mail_server


@pytest.mark.parametrize(
    ("text", "security", "address"),
    [
        ("localhost", Security.NONE, ("localhost", 25)),
        ("mail.example.org:2525", Security.NONE, ("mail.example.org", 2525)),
        ("mail.example.org", Security.STARTTLS, ("mail.example.org", 587)),
        ("[2001:db8::1]:26", Security.NONE, ("2001:db8::1", 26)),
    ],
)
def test_a_mail_server_is_a_host_or_a_host_and_a_port(text: str, security: Security, address: tuple[str, int]) -> None:
    assert mail_server(text, security).address == address


@pytest.mark.parametrize("text", ["", "smtp://mail", "mail:0", "mail:70000", "mail server", "mail:25:26", "mail\n"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is no mail server"):
        mail_server(text)


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        ("head.cluster.example.org", "cluster.example.org"),
        ("head", None),
        ("localhost.localdomain", None),
        ("head.site.local", None),
    ],
)
def test_the_domain_is_that_of_the_hosts_name_if_mail_could_use_it(name: str, domain: str | None) -> None:
    assert domain_of(name) == domain
