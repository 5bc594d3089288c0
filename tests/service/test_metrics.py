"""Figures are named as Prometheus wants them: judged by its own tool, and by what that does not look at."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from headgate.testing.smtp.sink import SmtpSink
from scripts.reference.metrics import Metric, metrics
from tests.service.running import RunningHeadgate, mail_only

ROOT = Path(__file__).parents[2]
EVERY = """\
from prometheus_client import generate_latest
from scripts.reference.metrics import _objects

for one in list(_objects()):
    if one._labelnames:
        one.labels(*one._labelnames)
print(generate_latest().decode())
"""
UNITS = ("_seconds", "_bytes", "_ratio")
RESERVED = {"le", "quantile", "job", "instance", "__name__"}


def judged(text: str) -> tuple[int, str]:
    """Return what promtool says of figures."""
    promtool = shutil.which("promtool")
    assert promtool is not None, "promtool is missing: run ./dev setup"
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def every_figure() -> str:
    """Every figure there is, once, as it is exposed."""
    done = subprocess.run([sys.executable, "-c", EVERY], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout


def test_prometheus_own_tool_finds_nothing_wrong_with_any_figure(every_figure: str) -> None:
    shown = set(re.findall(r"^# TYPE (headgate_\w+)", every_figure, re.MULTILINE))
    assert {one.name for one in metrics()} <= shown
    assert judged(every_figure) == (0, "")


@pytest.mark.parametrize(
    "wrong",
    [
        "# HELP headgate_things Things.\n# TYPE headgate_things counter\nheadgate_things 1\n",
        "# HELP headgate_wait_ms Wait.\n# TYPE headgate_wait_ms gauge\nheadgate_wait_ms 1\n",
        "# TYPE headgate_jobs gauge\nheadgate_jobs 1\n",
    ],
)
def test_what_is_named_wrongly_would_be_found(wrong: str) -> None:
    assert judged(wrong)[0] != 0


async def test_a_service_that_runs_exposes_figures_that_prometheus_takes(tmp_path: Path) -> None:
    async with SmtpSink() as sink:
        tables = mail_only(tmp_path, f"sqlite:///{tmp_path}/headgate.db", sink.port)
        tables["service"]["parts"] = ["worker", "mail", "http", "api", "rules"]
        async with RunningHeadgate(tmp_path, tables) as running:
            for path in ("/jobs", "/jobs/one", "/jobs/another", "/healthz", "/nothing"):
                await running.get(path)
            answer = await running.get("/metrics")
    assert judged(answer.text) == (0, "")
    asked = set(re.findall(r'headgate_http_requests_total{method="GET",route="([^"]+)",status="(\d+)"}', answer.text))
    assert {("/healthz", "200"), ("none", "404")} <= asked
    assert {status for route, status in asked if route == "/jobs/{jobId}"} == {"503"}  # no executor
    assert re.search(r'^headgate_source_seen_timestamp_seconds{source="mail"} 0\.0$', answer.text, re.MULTILINE)
    assert re.search(r'^headgate_store_seconds_count{kind="read"} [1-9]', answer.text, re.MULTILINE)


@pytest.mark.parametrize("one", metrics(), ids=[one.name for one in metrics()])
def test_a_name_says_what_is_counted_and_in_which_unit(one: Metric) -> None:
    assert re.fullmatch(r"headgate_[a-z]+(_[a-z]+)*", one.name)
    assert one.meaning[0].isupper() or one.meaning[0].isdigit()
    assert one.meaning.endswith(".")
    assert not RESERVED & set(one.labels)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", label) for label in one.labels)
    assert one.name.endswith("_total") == (one.kind == "counter")
    if one.kind == "histogram":
        assert one.name.endswith(UNITS)
    if one.kind == "gauge" and one.name.endswith("_seconds"):
        assert one.name.endswith("_timestamp_seconds") == ("since the epoch" in one.meaning)
