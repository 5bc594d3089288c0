"""Rules by REST: which there are, what each does, and who switches them."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate.store import audit, rules
from headgate.store.audit import AuditFilter
from headgate.store.store import Store
from tests.web.api.asked import ALL, asking, following
from tests.web.pages.automation.test_rules import RULE

REF = "site.drain"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A site's rules: one, beside those that came with Headgate."""
    made = tmp_path / "rules"
    made.mkdir()
    (made / "drain.yaml").write_text(RULE)
    return made


async def test_rules_are_listed_by_ref_with_their_state(store: Store, directory: Path) -> None:
    await store.write(lambda c: rules.stop(c, REF, "it triggered itself", 1e9))
    async with asking(store, "viewer", rules=directory) as client:
        found = (await client.get("/rules")).json()
        refs = [one["ref"] for one in found]
        assert refs == sorted(refs)
        assert {one["library"] for one in found if one["ref"].startswith("headgate.")} == {True}
        assert next(one for one in found if one["ref"] == REF) == {
            "ref": REF,
            "state": "stopped",
            "description": "<b>Drains</b> what flaps",
            "trigger": "node.down",
            "actions": ["action: http.request", "tell: notify.send"],
            "role": "admin",
            "library": False,
            "file": str(directory / "drain.yaml"),
            "enabled_in_file": True,
            "decided": {"enabled": None, "stopped": "it triggered itself", "at": 1e9, "by": "headgate"},
        }
        assert [one["ref"] for one in (await client.get("/rules?state=stopped")).json()] == [REF]
        first = await client.get("/rules?limit=3")
        second = await following(client, first)
        assert second is not None
        assert [one["ref"] for one in first.json() + second.json()] == refs[:6]
        for query in ("state=odd", "limit=0", "limit=1001", "offset=-1"):
            assert (await client.get(f"/rules?{query}")).status_code == 400


async def test_one_is_shown_as_it_is_written_without_secrets(store: Store, directory: Path) -> None:
    async with asking(store, "viewer", rules=directory) as client:
        answer = await client.get(f"/rules/{REF}")
        shown = answer.json()
        assert shown["criteria"] == [{"key": "trigger.reason", "type": "contains", "pattern": "<script>"}]
        assert {"what": "Lasting", "how": "the state has lasted 5 min"} in shown["conditions"]
        assert [(one["name"], one["action"], one["way"]) for one in shown["steps"]] == [
            ("action", "http.request", ""),
            ("tell", "notify.send", "after 1 min"),
        ]
        assert "s3cret" not in answer.text
        assert "Authorization" in answer.text
        for path in ("site.none", "a%00b"):
            assert (await client.get(f"/rules/{path}")).status_code in (400, 404)


@pytest.mark.parametrize("name", ALL)
async def test_viewers_look_and_operators_switch(store: Store, directory: Path, name: str) -> None:
    async with asking(store, name, rules=directory) as client:
        looks = 403 if name == "stranger" else 200
        assert (await client.get("/rules")).status_code == looks
        assert (await client.get(f"/rules/{REF}")).status_code == looks
        switches = 200 if name in ("operator", "admin", "administrator") else 403
        assert (await client.post(f"/rules/{REF}/enable")).status_code == switches
        assert (await client.post(f"/rules/{REF}/disable")).status_code == switches
    decided = await store.read(rules.decisions)
    assert [one.enabled for one in decided.values()] == ([False] if switches == 200 else [])


async def test_a_rule_is_switched_and_a_stop_cleared_and_it_is_written_down(store: Store, directory: Path) -> None:
    await store.write(lambda c: rules.stop(c, REF, "it triggered itself", 1e9))
    async with asking(store, "operator", rules=directory) as client:
        on = (await client.post(f"/rules/{REF}/enable")).json()
        assert (on["state"], on["decided"]["stopped"], on["decided"]["by"]) == ("on", "", "operator")
        off = (await client.post(f"/rules/{REF}/disable", json={"why": "it flaps"})).json()
        assert (off["state"], off["enabled_in_file"]) == ("off", True)
        assert (await client.post("/rules/site.none/disable")).status_code == 404
        for why in ("x" * 301, "a\0b", 7):
            assert (await client.post(f"/rules/{REF}/enable", json={"why": why})).status_code == 400
    found = await store.read(lambda c: audit.find(c, AuditFilter(via="api operator"), limit=9))
    assert [(one.user, one.action, one.subject, one.detail.partition(";")[0]) for one in found] == [
        ("", "rule.enable", REF, found[0].detail),
        ("", "rule.disable", REF, "why: it flaps"),
    ]
    assert all("from token first at 127.0.0.1" in one.detail for one in found)
