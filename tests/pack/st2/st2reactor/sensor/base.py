"""What a sensor of a pack derives from, and what it is given."""

from __future__ import annotations

import abc
from typing import Any


class Sensor(abc.ABC):
    def __init__(self, sensor_service: Any, config: dict[str, Any] | None = None) -> None:
        self.sensor_service = sensor_service
        self.config = config or {}

    @abc.abstractmethod
    def setup(self) -> None: ...

    @abc.abstractmethod
    def run(self) -> None: ...

    @abc.abstractmethod
    def cleanup(self) -> None: ...

    @abc.abstractmethod
    def add_trigger(self, trigger: Any) -> None: ...

    @abc.abstractmethod
    def update_trigger(self, trigger: Any) -> None: ...

    @abc.abstractmethod
    def remove_trigger(self, trigger: Any) -> None: ...
