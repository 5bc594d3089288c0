"""The pack's sensor: it follows Headgate's triggers, and dispatches them in StackStorm.

``slurm.sensor.trigger.up`` and ``.down`` tell of the address that Slurm's triggers are told to: it is Headgate's.
The number of the last one is kept in StackStorm's datastore, so that nothing is missed while the sensor or Headgate is
down. After a crash the last trigger may be dispatched twice.
"""

from __future__ import annotations

import threading
from typing import Any

from headgate_api import Api, ApiError
from st2reactor.sensor.base import Sensor

FOLLOWED = ("slurm.node.state", "slurm.sensor.trigger.*")
LAST = "last_trigger"
"""The key in the datastore."""
SHORTEST, LONGEST = 1.0, 60.0
"""Seconds between two tries to connect."""


class TriggerSensor(Sensor):
    """Tells StackStorm of nodes that changed their state."""

    def setup(self) -> None:
        """Read the configuration. Raises ApiError if it will not do."""
        self._logger = self.sensor_service.get_logger(name=type(self).__name__)
        self._api = Api(self.config)
        self._stopping = threading.Event()

    def run(self) -> None:
        """Follow until ``cleanup``."""
        pause = SHORTEST
        while not self._stopping.is_set():
            try:
                for _ in self._follow():
                    pause = SHORTEST
            except ApiError as error:
                self._logger.warning("%s; next try in %d seconds", error, pause)
            self._stopping.wait(pause)
            pause = min(2 * pause, LONGEST)

    def _follow(self) -> Any:
        after = self.sensor_service.get_value(LAST)
        for sent in self._api.follow(FOLLOWED, after or None):
            if self._stopping.is_set():
                return
            if sent.trigger:
                tag = (sent.payload.get("event") or {}).get("key")
                self.sensor_service.dispatch(trigger=sent.trigger, payload=dict(sent.payload), trace_tag=tag)
            if sent.number and sent.number != after:
                after = sent.number
                self.sensor_service.set_value(LAST, after)
            yield sent

    def cleanup(self) -> None:
        """Stop."""
        self._stopping.set()

    def add_trigger(self, trigger: Any) -> None:
        """Know of a trigger in use; all are followed anyway."""

    def update_trigger(self, trigger: Any) -> None:
        """Know of a trigger that changed."""

    def remove_trigger(self, trigger: Any) -> None:
        """Know of a trigger that is not used any more."""
