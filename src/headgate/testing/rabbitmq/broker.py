"""A RabbitMQ broker of a test's own: Debian's package on private loopback ports, in a temporary directory.

Its Erlang port mapper (epmd) is its own, too, and ends with it. It is started in some six seconds; let many tests
share one, each with queues of its own name.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
from pathlib import Path

from headgate.testing.cluster import process
from headgate.testing.cluster.errors import ClusterError
from headgate.testing.daemons import PrivateDaemons, PrivateServer, free_port
from headgate.testing.smtp.certificate import Certificate

PROGRAMS = Path("/usr/lib/rabbitmq/bin")
ACCOUNT = "rabbitmq"
"""Who runs the broker when we are root."""
USER = "headgate"
_EPMD = Path("/usr/bin/epmd")
_START = 90.0
_CONFIGURATION = """\
listeners.tcp.1 = 127.0.0.1:{port}
default_user = {user}
default_pass = {password}
loopback_users = none
log.console = true
log.console.level = info
log.file = false
{tls}"""
_TLS = """\
listeners.ssl.1 = 127.0.0.1:{port}
ssl_options.cacertfile = {certificate}
ssl_options.certfile = {certificate}
ssl_options.keyfile = {key}
ssl_options.verify = verify_none
"""
# Erlang's own traffic between nodes would listen on every address.
_LOOPBACK_ONLY = "-kernel inet_dist_use_interface {127,0,0,1}"


class RabbitBroker(PrivateServer):
    """A running broker; use it as a context manager.

    ``certificate``: of 127.0.0.1, for a TLS port beside the plain one. Raises ClusterError, with the end of its log,
    when it cannot be started.
    """

    name = "rabbitmq"
    account = ACCOUNT

    def __init__(self, *, certificate: Certificate | None = None) -> None:
        super().__init__()
        self.password = secrets.token_hex(12)
        self._certificate = certificate
        self._port, self._tls_port, self._distribution, self._epmd_port = (free_port() for _ in range(4))
        self._broker: process.Process | None = None

    @property
    def url(self) -> str:
        """Its address, with name and password."""
        return f"amqp://{USER}:{self.password}@127.0.0.1:{self._port}/"

    @property
    def tls_url(self) -> str:
        """Its address for TLS, if it has a certificate."""
        return f"amqps://{USER}:{self.password}@127.0.0.1:{self._tls_port}/"

    @property
    def port(self) -> int:
        """Its plain port, for a proxy in front of it."""
        return self._port

    def start(self) -> None:
        """Start it again after ``stop``."""
        daemons = self._running()
        log = daemons.directory / "log"
        self._broker = daemons.start([PROGRAMS / "rabbitmq-server"], self._environment(daemons), log)
        ports = [self._port, *([self._tls_port] if self._certificate else [])]
        daemons.wait_for(self._broker, ports, _START, log)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End the broker, keep what it stored: SIGTERM lets it end in order, SIGKILL is a crash."""
        if self._broker is not None:
            self._running().stop(self._broker, number)
            self._broker = None

    def control(self, *words: str) -> str:
        """Run ``rabbitmqctl`` (about two seconds) and return what it printed. Raises ClusterError if it fails."""
        daemons = self._running()
        argv = daemons.as_account([PROGRAMS / "rabbitmqctl", "-q", *words])
        environment = self._environment(daemons)
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60, check=False, cwd="/")
        if done.returncode:
            raise ClusterError(f"rabbitmqctl {words[0]}: {(done.stderr + done.stdout)[-500:]}")
        return done.stdout

    def prepare(self, daemons: PrivateDaemons) -> None:
        """Make its directories, write its configuration, and start its port mapper."""
        if not (PROGRAMS / "rabbitmq-server").exists():
            raise ClusterError(f"no rabbitmq-server in {PROGRAMS}: install Debian's package rabbitmq-server")
        self._write(daemons)
        self._start_epmd(daemons)

    def _write(self, daemons: PrivateDaemons) -> None:
        # Without a home of its own it cannot keep its cookie.
        directory = daemons.directory
        for name in ("home", "data", "logs"):
            (directory / name).mkdir()
            daemons.own(directory / name)
        tls = ""
        if self._certificate is not None:
            certificate, key = daemons.copied(self._certificate.certificate, self._certificate.key)
            tls = _TLS.format(port=self._tls_port, certificate=certificate, key=key)
        text = _CONFIGURATION.format(port=self._port, user=USER, password=self.password, tls=tls)
        files = {"rabbitmq.conf": text, "enabled_plugins": "[].\n", "environment": ""}
        for name, content in files.items():
            (directory / name).write_text(content)
            daemons.own(directory / name)

    def _environment(self, daemons: PrivateDaemons) -> dict[str, str]:
        directory = daemons.directory
        return {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "LC_ALL": "C.UTF-8",
            "HOME": os.fspath(directory / "home"),
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"private{self._port}@localhost",
            "RABBITMQ_DIST_PORT": str(self._distribution),
            "RABBITMQ_CONF_ENV_FILE": os.fspath(directory / "environment"),
            "RABBITMQ_CONFIG_FILE": os.fspath(directory / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": os.fspath(directory / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": os.fspath(directory / "data"),
            "RABBITMQ_LOG_BASE": os.fspath(directory / "logs"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": _LOOPBACK_ONLY,
            # The script then becomes the broker instead of waiting for it.
            "RUNNING_UNDER_SYSTEMD": "1",
        }

    def _start_epmd(self, daemons: PrivateDaemons) -> None:
        words = ["-port", str(self._epmd_port), "-address", "127.0.0.1"]
        log = daemons.directory / "epmd.log"
        epmd = daemons.start([_EPMD, *words], {"PATH": "/usr/bin:/bin"}, log)
        daemons.wait_for(epmd, [self._epmd_port], _START, log)


def main() -> None:
    """Run a broker until it is interrupted."""
    with RabbitBroker() as broker, contextlib.suppress(KeyboardInterrupt):
        print(broker.url, flush=True)  # noqa: T201 - a program's answer
        signal.pause()
