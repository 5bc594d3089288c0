"""Have StackStorm's own models read a pack, in its own environment: ``ask_stackstorm.py CHECKOUT PACK``.

They need no database to validate. Prints how many files of each kind were read; the first one that is refused ends it.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import yaml


def main() -> None:
    """Read all of it."""
    checkout, pack = Path(sys.argv[1]), Path(sys.argv[2])
    sys.path.insert(0, str(checkout / "st2common"))
    models: Any = {name: importlib.import_module(f"st2common.models.api.{name}") for name in _MODULES}
    models["pack"].PackAPI(**_read(pack / "pack.yaml")).validate()
    models["pack"].ConfigSchemaAPI(pack="slurm", attributes=_read(pack / "config.schema.yaml")).validate()
    actions = [_read(path) for path in sorted((pack / "actions").glob("*.yaml"))]
    rules = [_read(path) for path in sorted((pack / "rules").glob("*.yaml"))]
    triggers = [one for path in (pack / "sensors").glob("*.yaml") for one in _read(path)["trigger_types"]]
    for one in actions:
        models["action"].ActionAPI(**one).validate()
    for one in rules:
        models["rule"].RuleAPI(**one).validate()
    for one in triggers:
        models["trigger"].TriggerTypeAPI(**one, pack="slurm").validate()
    refused = _refused(models["action"].ActionAPI, {**actions[0], "surplus": 1})
    counts = {"actions": len(actions), "rules": len(rules), "triggers": len(triggers), "refused": refused}
    print(json.dumps(counts))  # noqa: T201 - the answer


_MODULES = ("action", "pack", "rule", "trigger")


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _refused(model: Any, content: dict[str, Any]) -> bool:
    """Say whether a model refuses what it should: else its yes would mean nothing."""
    try:
        model(**content).validate()
    except Exception:  # noqa: BLE001 - of whichever version of jsonschema StackStorm has
        return True
    return False


if __name__ == "__main__":
    main()
