"""How connectors check certificates."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from headgate.connectors.tls import tls_context
from headgate.errors import ConnectorError


def test_without_a_file_the_systems_authorities_are_asked() -> None:
    context = tls_context(None)
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


@pytest.mark.parametrize("content", [None, b"", b"no certificate"], ids=["missing", "empty", "other"])
def test_a_file_without_authorities_is_an_error_that_names_it(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConnectorError, match=r"ca_file .*ca\.pem cannot be used"):
        tls_context(path)
