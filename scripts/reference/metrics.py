"""What Headgate counts, from the metric objects of all its modules."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.metrics import MetricWrapperBase

import headgate
from scripts.reference.markdown import code, generated, table

INTRODUCTION = """
`/metrics` gives these figures in Prometheus's text form, beside the usual ones of a Python process. A histogram also
has `_bucket`, `_sum` and `_count`.
"""
_APART = "headgate.testing"
"""Not part of the service."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure as it is exposed."""

    name: str
    kind: str
    labels: tuple[str, ...]
    meaning: str


def metrics() -> list[Metric]:
    """Return every metric, by name."""
    found = {id(item): _metric(item) for item in _objects()}
    return sorted(found.values(), key=lambda metric: metric.name)


def page() -> str:
    """Return the page."""
    rows = [(code(one.name), one.kind, ", ".join(map(code, one.labels)), one.meaning) for one in metrics()]
    return generated("Metrics", INTRODUCTION, table(("Metric", "Type", "Labels", "Meaning"), rows))


def _objects() -> Iterator[MetricWrapperBase]:
    for module in pkgutil.walk_packages(headgate.__path__, "headgate."):
        if module.name.startswith(_APART) or module.name.endswith(("__main__", "migrations.env")):
            continue
        for item in vars(importlib.import_module(module.name)).values():
            if isinstance(item, MetricWrapperBase):
                yield item


def _metric(item: MetricWrapperBase) -> Metric:
    described = next(iter(item.describe()))
    name = f"{described.name}_total" if described.type == "counter" else described.name
    return Metric(name, described.type, tuple(item._labelnames), described.documentation)  # noqa: SLF001 - nowhere else
