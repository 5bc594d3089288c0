"""A Synapse homeserver of one's own, for tests: started in some seconds on a loopback port, gone afterwards.

Synapse is AGPL; it is only started as a program of its own, from the test tools' environment of a checkout.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2

from headgate.errors import HeadgateError
from headgate.testing.daemons import free_port

PROGRAM = Path(__file__).parents[4] / ".counterparts/venv/bin/python"
"""The Python that has Synapse, in a checkout of Headgate (installed by its set-up)."""
SERVER_NAME = "test.local"
_START = 60.0
_STOP = 20.0
_ATTEMPTS = 3
"""Ports tried: somebody may take the one that was free a moment ago."""
_PLENTY = {"per_second": 10_000, "burst_count": 10_000}


class SynapseError(HeadgateError):
    """A Synapse for tests could not be started or asked."""


class SynapseServer:
    """A running Synapse without federation; use it as a context manager.

    Its limits are so high that tests do not feel them; with ``slow``, people may send as many messages as Synapse lets
    them by default: ten, then one in five seconds. ``program`` is a Python that has Synapse.
    """

    def __init__(self, program: Path = PROGRAM, *, slow: bool = False, parent: Path | None = None) -> None:
        self._program = program
        self._slow = slow
        self._parent = parent
        self._secret = secrets.token_hex(16)
        self._directory: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self._port = 0
        self._operator = ""

    def __enter__(self) -> Self:
        """Start the server."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the server and remove everything it wrote."""
        self.close()

    @property
    def url(self) -> str:
        """The homeserver's address, without a slash at the end."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int | None:
        """The server's process, None while it is stopped."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the server; after ``stop``, with what it had. Raises SynapseError, with the end of its log."""
        if not self._program.exists():
            raise SynapseError("Synapse is not installed: set the checkout up with its test tools")
        made = self._directory is None
        if self._directory is None:
            self._directory = Path(tempfile.mkdtemp(prefix="headgate-synapse-", dir=self._parent))
            self._guard = _start_guard(self._directory)
        for attempt in range(_ATTEMPTS):
            try:
                self._start(self._directory)
                break
            except SynapseError:
                if attempt == _ATTEMPTS - 1:
                    self.close()
                    raise
        if made:
            self._operator = self.register("operator", admin=True)

    def stop(self) -> None:
        """End the server and keep its data. A second call does nothing."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def close(self) -> None:
        """End the server and remove its directory. A second call does nothing."""
        self.stop()
        if self._guard is not None:
            self._guard.communicate()  # it removes the directory
            self._guard = None
        self._directory = None

    def register(self, name: str, *, admin: bool = False) -> str:
        """Make the user ``@name:test.local`` and return an access token (Synapse's shared-secret registration)."""
        nonce, password = self._ask("GET", "/_synapse/admin/v1/register")["nonce"], secrets.token_hex(8)
        signed = "\0".join((nonce, name, password, "admin" if admin else "notadmin"))
        mac = hmac.new(self._secret.encode(), signed.encode(), hashlib.sha1).hexdigest()
        asked = {"nonce": nonce, "username": name, "password": password, "admin": admin, "mac": mac}
        return str(self._ask("POST", "/_synapse/admin/v1/register", asked)["access_token"])

    def _ask(self, method: str, path: str, content: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._operator}"} if self._operator else {}
        answer = httpx2.request(method, self.url + path, json=content, headers=headers, timeout=30, trust_env=False)
        if answer.is_error:
            raise SynapseError(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
        said: dict[str, Any] = answer.json()
        return said

    def _start(self, directory: Path) -> None:
        self._port = free_port()
        configuration = directory / "homeserver.yaml"
        configuration.write_text(json.dumps(_configuration(directory, self._port, self._secret, slow=self._slow)))
        key = directory / "signing.key"
        if not key.exists():
            seed = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
            key.write_text(f"ed25519 a_test {seed}\n")
        log = directory / "output"
        # The kernel ends it when we die, however that comes.
        argv = ["/usr/bin/setpriv", "--pdeathsig", "TERM", str(self._program)]
        argv += ["-m", "synapse.app.homeserver", "--config-path", str(configuration)]
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                argv, cwd=directory, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        deadline = time.monotonic() + _START
        while not self._is_healthy():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                end = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
                raise SynapseError(f"Synapse did not start: {end}")
            time.sleep(0.05)

    def _is_healthy(self) -> bool:
        try:
            return httpx2.get(f"{self.url}/health", timeout=2, trust_env=False).text == "OK"
        except httpx2.HTTPError:
            return False


def _start_guard(directory: Path) -> subprocess.Popen[bytes]:
    """Start a small process that removes the directory at our end, however that comes: it reads from a pipe of ours.

    It tries for some seconds, since a server that is ending may still write.
    """
    script = 'cat; n=0; while [ -e "$1" ] && [ $n -lt 100 ]; do rm -rf -- "$1"; n=$((n+1)); sleep 0.1; done'
    argv = ["/bin/sh", "-c", script, "sh", str(directory)]
    return subprocess.Popen(argv, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True, cwd="/")


def _configuration(directory: Path, port: int, secret: str, *, slow: bool) -> dict[str, Any]:
    """Return homeserver.yaml as data: JSON is YAML too."""
    resources = [{"names": ["client"], "compress": False}]
    listener = {"port": port, "type": "http", "bind_addresses": ["127.0.0.1"], "resources": resources}
    limits = {
        **dict.fromkeys(("rc_registration", "rc_joins_per_room", "rc_room_creation"), _PLENTY),
        "rc_login": {"address": _PLENTY, "account": _PLENTY},
        "rc_joins": {"local": _PLENTY, "remote": _PLENTY},
        "rc_invites": {"per_room": _PLENTY, "per_user": _PLENTY, "per_issuer": _PLENTY},
    }
    return {
        "server_name": SERVER_NAME,
        "public_baseurl": f"http://127.0.0.1:{port}/",
        "listeners": [listener],
        "database": {"name": "sqlite3", "args": {"database": str(directory / "homeserver.db")}},
        "media_store_path": str(directory / "media"),
        "pid_file": str(directory / "pid"),
        "signing_key_path": str(directory / "signing.key"),
        "registration_shared_secret": secret,
        "macaroon_secret_key": secret,
        "form_secret": secret,
        "bcrypt_rounds": 4,  # passwords of tests are no secrets, and good hashes take their time
        "report_stats": False,
        "trusted_key_servers": [],
        "suppress_key_server_warning": True,
        "federation_domain_whitelist": [],
        **({} if slow else {"rc_message": _PLENTY}),
        **limits,
    }
