"""Runs an action's program as StackStorm's python-script runner does: class from file, parameters, (status, result)."""

from __future__ import annotations

import importlib.util
import inspect
import json
import sys
from typing import Any

from st2common.runners.base_action import Action

path, given = sys.argv[1], json.load(sys.stdin)
spec = importlib.util.spec_from_file_location("action", path)
assert spec is not None
assert spec.loader is not None
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
found: list[Any] = [
    one
    for _, one in inspect.getmembers(module, inspect.isclass)
    if issubclass(one, Action) and one.__module__ == "action"
]
assert len(found) == 1
output = found[0](config=given["config"], action_service=object()).run(**given["parameters"])
status, result = output if isinstance(output, tuple) and len(output) == 2 else (None, output)
json.dump({"status": status, "result": result, "modules": sorted(sys.modules)}, sys.stdout)
