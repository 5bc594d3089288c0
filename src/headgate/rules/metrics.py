"""What is counted of rules."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

STEPS = Counter("headgate_rule_steps", "Tries of steps of rules that ended.", ["rule", "state"])
EXECUTIONS = Counter("headgate_rule_executions", "Executions that rules began.", ["rule"])
PROBLEMS = Gauge("headgate_rule_problems", "Things that are wrong with rule files.")
