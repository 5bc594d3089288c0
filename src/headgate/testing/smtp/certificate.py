"""A certificate for ``localhost``, made by openssl(1), for tests that need TLS."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Certificate:
    """A self-signed certificate for ``localhost`` and ``127.0.0.1``: the file is its own authority."""

    certificate: Path
    key: Path

    def server_context(self) -> ssl.SSLContext:
        """Return a context for a server that shows this certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


async def make_certificate(directory: Path) -> Certificate:
    """Make a certificate, valid for a day, in a directory. Raises RuntimeError with what openssl said."""
    made = Certificate(directory / "certificate.pem", directory / "key.pem")
    process = await asyncio.create_subprocess_exec(
        "openssl",
        *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"),
        *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
        *("-keyout", str(made.key), "-out", str(made.certificate)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await process.communicate()
    if process.returncode:
        raise RuntimeError(errors.decode(errors="replace"))
    return made
