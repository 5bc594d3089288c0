"""How connectors check whom they speak to, whatever the protocol."""

from __future__ import annotations

import ssl
from pathlib import Path

from headgate.errors import ConnectorError


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Return how certificates are checked: by the authorities in the file, or else by the system's.

    Raises ConnectorError for a file that cannot be read.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise ConnectorError(f"ca_file {ca_file} cannot be used: {error.strerror or error}") from error
