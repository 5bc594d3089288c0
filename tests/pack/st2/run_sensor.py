"""Runs a sensor's program as StackStorm's sensor container does; its datastore is a file, its triggers are lines."""

from __future__ import annotations

import atexit
import importlib.util
import json
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

path, class_name, datastore = sys.argv[1], sys.argv[2], Path(sys.argv[3])
config = json.loads(os.environ["PACK_CONFIG"])


def say(**line: Any) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def known() -> dict[str, str]:
    found: dict[str, str] = json.loads(datastore.read_text()) if datastore.exists() else {}
    return found


class Told(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        say(log=record.getMessage())


class SensorService:
    def get_logger(self, name: str) -> logging.Logger:
        logger = logging.getLogger(name)
        logger.addHandler(Told())
        return logger

    def dispatch(self, trigger: str, payload: dict[str, Any] | None = None, trace_tag: str | None = None) -> None:
        assert isinstance(trigger, str)
        assert isinstance(payload, dict)
        say(trigger=trigger, payload=payload, trace_tag=trace_tag)

    def get_value(self, name: str) -> str | None:
        return known().get(name)

    def set_value(self, name: str, value: str) -> None:
        assert isinstance(value, str)
        new = datastore.with_suffix(".new")
        new.write_text(json.dumps({**known(), name: value}))
        new.replace(datastore)


sys.path.insert(0, str(Path(path).parent))
spec = importlib.util.spec_from_file_location("sensor", path)
assert spec is not None
assert spec.loader is not None
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
sensor = getattr(module, class_name)(sensor_service=SensorService(), config=config)
atexit.register(sensor.cleanup)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
sensor.setup()
sensor.run()
