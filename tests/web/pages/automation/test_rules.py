"""Rules on the pages: what is shown of them, and switching them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from headgate.store import audit, rules
from headgate.store.audit import AuditFilter
from headgate.store.store import Store
from tests.rules.waiting import waiting
from tests.web.pages.pages_place import PagesPlace, pages_place

RULE = """\
name: drain
pack: site
description: "<b>Drains</b> what flaps"
enabled: true
trigger:
  type: node.down
criteria:
  trigger.reason:
    type: contains
    pattern: "<script>"
action:
  ref: http.request
  parameters:
    url: "https://tickets.example.org/new"
    headers:
      Authorization: "Bearer s3cret"
headgate:
  for: 5m
  approval:
    role: operator
  steps:
    - name: tell
      ref: notify.send
      delay: 60
      parameters:
        to: ["slack:#ops"]
        title: "{{ trigger.node }} is drained"
"""


@pytest.fixture
async def ruled(store: Store, tmp_path: Path) -> AsyncIterator[PagesPlace]:
    """The pages of a site with one rule of its own, one that is wrong, and those that come with Headgate."""
    directory = tmp_path / "rules"
    directory.mkdir()
    (directory / "drain.yaml").write_text(RULE)
    (directory / "wrong.yaml").write_text("name: wrong\n")
    async with pages_place(store, tmp_path, rules={"directory": str(directory)}) as made:
        yield made


@pytest.mark.parametrize("path", ["/automation", "/automation/rules/site.drain", "/automation/executions"])
async def test_automation_is_for_viewers(ruled: PagesPlace, path: str) -> None:
    for role, status in ((None, 303), ("user", 403), ("viewer", 200), ("admin", 200)):
        async with ruled.client(role) as person:
            assert (await person.get(path)).status_code == status


async def test_rules_show_their_state_what_they_did_and_what_is_wrong(ruled: PagesPlace) -> None:
    number = await waiting(ruled.store)
    async with ruled.client("viewer") as viewer, ruled.client("operator") as oscar:
        seen, more = (await viewer.get("/automation")).text, (await oscar.get("/automation")).text
    assert "site.drain" in seen
    assert f'href="/ui/automation/executions/{number}"' in seen
    assert "state=approval" in seen
    assert "wrong.yaml" in more
    assert "wrong.yaml" not in seen  # where files lie is for those who may change rules
    assert more.index("Waiting for somebody") < more.index(">Rules<")


async def test_a_rule_is_shown_as_it_is_written_without_secrets(ruled: PagesPlace) -> None:
    async with ruled.client("viewer") as viewer:
        text = (await viewer.get("/automation/rules/site.drain")).text
        assert (await viewer.get("/automation/rules/site.none")).status_code == 404
    for shown in ("node.down", "trigger.reason", "&lt;script&gt;", "the state has lasted 5 min", "role operator",
                  "https://tickets.example.org/new", "Authorization", "after 1 min", "{{ trigger.node }} is drained",
                  "&lt;b&gt;Drains&lt;/b&gt;"):  # fmt: skip
        assert shown in text
    assert "s3cret" not in text
    assert "Switch off" not in text  # a viewer may not


async def test_a_rule_is_switched_and_a_stop_cleared_with_a_reason(ruled: PagesPlace) -> None:
    path = "/automation/rules/site.drain"
    async with ruled.client("viewer") as viewer:
        assert (await viewer.post(f"{path}/switch", {"enabled": "no"})).status_code == 403
    async with ruled.client("operator") as oscar:
        answer = await oscar.post(f"{path}/switch", {"enabled": "no", "why": "it flaps"})
        assert answer.headers["location"] == f"/ui{path}"
        text = (await oscar.get(path)).text
        assert "site.drain is off now." in text
        assert "its file says on" in text
        await ruled.store.write(lambda c: rules.stop(c, "site.drain", "it triggered itself", 1e9))
        text = (await oscar.get(path)).text
        assert "Headgate stopped it" in text
        assert "it triggered itself" in text
        await oscar.post(f"{path}/switch", {"enabled": "yes"})
        assert "Headgate stopped it" not in (await oscar.get(path)).text
    found = await ruled.store.read(lambda c: audit.find(c, AuditFilter(via="page"), limit=10))
    assert [(one.user, one.action, one.subject, one.detail) for one in found] == [
        ("oscar", "rule.disable", "site.drain", "why: it flaps"),
        ("oscar", "rule.enable", "site.drain", ""),
    ]
