"""Everything a mail may have to show: samples, every outcome, too much of everything, and hostile text."""

from __future__ import annotations

from headgate.connectors import samples
from headgate.model.message import Outcome
from headgate.testing.conformance.hostile import HOSTILE, crowded_message, hostile_message

MESSAGES = {
    **samples.SAMPLES,
    **{
        outcome.name.lower(): samples.FAILED.model_copy(update={"outcome": outcome, "title": f"About {outcome.value}"})
        for outcome in Outcome
        if outcome not in (Outcome.FAILED, Outcome.SUCCEEDED)
    },
    "crowded": crowded_message(60),
    **{f"hostile {name}": hostile_message(text) for name, text in HOSTILE.items()},
}
