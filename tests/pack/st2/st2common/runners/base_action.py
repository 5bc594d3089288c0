"""What an action of a pack derives from, and what it is given."""

from __future__ import annotations

import abc
import logging
from typing import Any


class Action(abc.ABC):
    def __init__(self, config: dict[str, Any] | None = None, action_service: object = None) -> None:
        self.config = config or {}
        self.action_service = action_service
        self.logger = logging.getLogger(type(self).__name__)

    @abc.abstractmethod
    def run(self, **kwargs: Any) -> Any: ...
