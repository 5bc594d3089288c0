"""The pack's own page."""

from __future__ import annotations

from typing import Final

from headgate import __version__
from headgate.actions.catalogue import Catalogue
from headgate.pack.actions import ref

_TEXT: Final = """\
# Slurm, by Headgate

Actions on a Slurm cluster, and a sensor for its nodes. Everything is done by
Headgate, which this pack asks over its REST API: it needs neither Slurm nor
PySlurm on StackStorm's hosts. It was written by `headgate pack build` of Headgate {version}. Do not change it by hand:
build it again.

It takes StackStorm 3.8 or newer, with Python 3.8 or newer.

## Set it up

1. On Headgate's host, make an app and give it a role: `operator` for everything below, `viewer` for the sensor alone.
2. `st2 pack install file:///path/to/this/pack`
3. Copy `slurm.yaml.example` to `/opt/stackstorm/configs/slurm.yaml` and say where Headgate is. Keep the token in the
   datastore: `st2 key set headgate_token TOKEN --encrypt`
4. `st2ctl reload --register-configs`
5. `st2 run slurm.ping`

## Actions

An action's `result` is Headgate's. One that fails, or of which only some was done, is `failed`, and its result says
why: `error`, and `result` with what was done.

| Action | What it does |
| --- | --- |
{actions}

Those that change something also take `dry_run` and `why`; `why` is written into Headgate's audit log.

## Sensor

`slurm.TriggerSensor` dispatches:

| Trigger | When | Payload |
| --- | --- | --- |
| `slurm.node.state` | a node's state changed | `hostname`, `state`, and what Headgate knows of the event |
| `slurm.sensor.trigger.up` | Headgate began to listen for triggers of Slurm's | `uuid` |
| `slurm.sensor.trigger.down` | it listens no more | `uuid` |
| `slurm.sensor.trigger.triggered` | Slurm ran such a trigger | `uuid`, `class`, `type` |

It begins with what happens after its first start, and goes on where it was: what happens while StackStorm or Headgate
is down is dispatched later, in order.

## Rules

The four rules `slurm.sensor.trigger.setup.*` set triggers in Slurm. They are off, and not needed: Headgate watches
nodes by itself. If you want them: switch on `push.sensor` in Headgate's configuration, set `trigger_sensor_ip` in the
pack's, enable the rules, and start Headgate again.
"""


def text(catalogue: Catalogue) -> str:
    """Return the page."""
    rows = (f"| `{ref(action)}` | {action.summary.replace('|', '&#124;')} |" for action in catalogue)
    return _TEXT.format(version=__version__, actions="\n".join(rows))
