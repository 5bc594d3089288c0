"""What whoever gets an artefact does with its signature."""

from __future__ import annotations

import subprocess
from pathlib import Path


def verifies(content: bytes, signature: bytes, public_key: str, namespace: str, directory: Path) -> bool:
    """Ask ssh-keygen whether a signature is of these bytes, in this namespace, by this key."""
    (directory / "allowed").write_text(f"deploys@site {public_key}\n")
    (directory / "signature").write_bytes(signature)
    argv: list[str | Path] = ["/usr/bin/ssh-keygen", "-Y", "verify", "-f", directory / "allowed", "-I", "deploys@site"]
    argv += ["-n", namespace, "-s", directory / "signature"]
    return subprocess.run(argv, input=content, capture_output=True, check=False).returncode == 0
