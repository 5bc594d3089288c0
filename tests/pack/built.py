"""A built pack, whose programs run as StackStorm runs them: in a process, with Python's standard library only."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ST2 = Path(__file__).with_name("st2")
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Ran:
    """What StackStorm learns of an action."""

    status: bool | None
    result: Any
    modules: frozenset[str]


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack in a directory, and its configuration."""

    directory: Path
    config: Mapping[str, Any]

    async def run(self, action: str, execution: str = "", **parameters: Any) -> Ran:
        """Run an action with its defaults, as ``st2 run`` does. Raises AssertionError if its program fails."""
        stem = self.directory / "actions" / action.removeprefix("slurm.").replace(".", "_")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-S", "-s", str(ST2 / "run_action.py"), f"{stem}.py",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env=self._environment(self.directory / "actions" / "lib", ST2_ACTION_EXECUTION_ID=execution),
        )  # fmt: skip
        given = json.dumps({"config": dict(self.config), "parameters": parameters}).encode()
        async with asyncio.timeout(PATIENCE):
            out, err = await process.communicate(given)
        assert process.returncode == 0, err.decode()
        answer = json.loads(out)
        return Ran(answer["status"], answer["result"], frozenset(answer["modules"]))

    @asynccontextmanager
    async def sensor(self, datastore: Path) -> AsyncIterator[Sensor]:
        """Run the sensor."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-S", "-s", str(ST2 / "run_sensor.py"),
            str(self.directory / "sensors" / "trigger_sensor.py"), "TriggerSensor", str(datastore),
            stdout=asyncio.subprocess.PIPE, env=self._environment(PACK_CONFIG=json.dumps(dict(self.config))),
        )  # fmt: skip
        try:
            yield Sensor(process)
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    def _environment(self, *paths: Path, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG")}
        return {**kept, "PYTHONPATH": os.pathsep.join(map(str, (ST2, *paths))), "PYTHONDONTWRITEBYTECODE": "1", **more}


class Sensor:
    """A running sensor."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def told(self) -> dict[str, Any]:
        """Return the next thing it says: a trigger or a line of its log."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            line = await self.process.stdout.readline()
        assert line, "the sensor ended"
        told: dict[str, Any] = json.loads(line)
        return told

    async def trigger(self) -> tuple[str, dict[str, Any]]:
        """Return the next trigger, passing over the log."""
        while "trigger" not in (told := await self.told()):
            pass
        return told["trigger"], told["payload"]

    async def stop(self) -> None:
        """Ask it to end, as StackStorm does."""
        self.process.terminate()

    async def end(self) -> None:
        """Wait for its end."""
        async with asyncio.timeout(PATIENCE):
            await self.process.wait()
