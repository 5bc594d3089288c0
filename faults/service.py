"""One ``headgate serve`` on a host of its own, with its executor: started again whenever it was killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from faults.network import Host
from headgate.testing.cluster.accounts import REST_USER
from headgate.testing.executor import RunningExecutor

ACCOUNT: Final = REST_USER
"""Whom Headgate runs as: any system account will do."""
FAKETIME: Final = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
"""Debian's libfaketime, which moves the wall clock of one process."""
_SETPRIV: Final = ("/usr/bin/setpriv", "--init-groups", "--pdeathsig=KILL", f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}")
_PORT: Final = 8470
_START: Final = 120.0


def toml(tables: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a configuration file: table name -> keys, whose values JSON writes as TOML does."""
    lines: list[str] = []
    for name, keys in tables.items():
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in keys.items())]
    return "\n".join(lines) + "\n"


class Service:
    """A host that runs Headgate. Starting and ending it is for the main thread: it ends with who started it."""

    def __init__(
        self,
        host: Host,
        directory: Path,
        tables: Mapping[str, Mapping[str, Any]],
        *,
        executor: RunningExecutor | None = None,
        source: Path | None = None,
    ) -> None:
        """``source``: where the package headgate is, if it is not ours."""
        self.host = host
        self.executor = executor
        self.log = directory / f"{host.name}.log"
        self._config = directory / f"{host.name}.toml"
        self._clock = directory / f"{host.name}.clock"
        self._config.write_text(toml({"local": {"socket": "off"}, "logging": {"format": "json"}, **tables}))
        self._config.chmod(0o644)
        self._process: subprocess.Popen[bytes] | None = None
        self._before = 0
        self.source = source
        self.faked = False

    @property
    def url(self) -> str:
        """Where its API answers."""
        return f"http://{self.host.address}:{_PORT}"

    @property
    def pid(self) -> int:
        """The number of its process."""
        assert self._process is not None
        return self._process.pid

    @property
    def runs(self) -> bool:
        """Whether its process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def works(self) -> bool:
        """Whether it works since it was started last."""
        return self.runs and self.count("service.started") > self._before

    def start(self, *, wait: bool = True) -> None:
        """Start it, and wait until it works. Raises RuntimeError with the end of its log if it does not."""
        if self.executor is not None:
            with self.host.inside():
                self.executor.start()
        self.start_service()
        if wait:
            self.wait()

    def start_service(self) -> None:
        """Start the service alone, and do not wait for it."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("HEADGATE")}
        if self.source is not None:
            environment["PYTHONPATH"] = str(self.source)
        faked = self._faked() if self.faked else []
        program = [*_SETPRIV, "--", *faked, sys.executable, "-m", "headgate.cli.main", "-c", str(self._config), "serve"]
        self._before = self.count("service.started")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.host.command(program), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", env=environment
            )

    def _faked(self) -> list[str]:
        """Return what puts a clock of its own before a program; by the account itself, whose semaphore it makes."""
        variables = {
            "LD_PRELOAD": FAKETIME,
            "FAKETIME_TIMESTAMP_FILE": self._clock,
            "FAKETIME_DONT_FAKE_MONOTONIC": 1,
            "FAKETIME_CACHE_DURATION": 1,
        }
        return ["/usr/bin/env", *(f"{name}={value}" for name, value in variables.items())]

    def wait(self) -> None:
        """Wait until it works. Raises RuntimeError with the end of its log if it does not."""
        deadline = time.monotonic() + _START
        while not self.works:
            if not self.runs or time.monotonic() > deadline:
                raise RuntimeError(f"Headgate on {self.host.name} did not start: {self.log.read_text()[-2000:]}")
            time.sleep(0.1)

    def move_clock(self, seconds: float) -> None:
        """Move the wall clock of its process; felt from its next start on, and from then on at once."""
        self.faked = True
        self._clock.write_text(f"{seconds:+.0f}")
        self._clock.chmod(0o644)

    def kill(self) -> None:
        """End the service with SIGKILL."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End the service and its executor well."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()
        if self.executor is not None:
            self.executor.stop()

    def count(self, event: str) -> int:
        """Return how often an event stands in its log."""
        return self.log.read_bytes().count(f'"event": "{event}"'.encode()) if self.log.exists() else 0

    def lines(self) -> Iterator[dict[str, Any]]:
        """Return its log."""
        for line in self.log.read_text(errors="replace").splitlines() if self.log.exists() else []:
            if line.startswith("{") and line.endswith("}"):
                yield json.loads(line)
