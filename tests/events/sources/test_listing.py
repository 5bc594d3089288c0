"""Which sources there are, and what is wrong with each."""

from __future__ import annotations

from typing import Any

from headgate.config.settings import Settings
from headgate.events.sources.listing import as_listed, configured
from headgate.store.standings import Stored

NOW = 1_000_000.0


def settings(**sections: Any) -> Settings:
    return Settings.model_validate(sections)


def states(given: Settings) -> dict[str, bool]:
    return {one.name: one.on for one in configured(given)}


def test_push_is_off_until_a_way_in_is_opened() -> None:
    off = states(settings())
    assert off["watcher"]
    assert off["mail"]
    assert not any(off[name] for name in ("hints", "triggers", "epilog", "listener", "jobcomp", "sensor"))
    on = states(settings(push={"socket": "/run/x", "listen": "127.0.0.1:0"}))
    assert [name for name, state in on.items() if not state and name != "nodes"] == ["sensor"]


def test_parts_that_do_not_run_here_are_off() -> None:
    only = settings(service={"parts": ["worker"]}, push={"socket": "/run/x", "listen": "127.0.0.1:0", "sensor": True})
    assert not any(states(only).values())


def test_every_cluster_has_a_watcher() -> None:
    assert "watcher far" in states(settings(clusters={"far": {}}))


def test_every_forge_is_heard_and_looked_at() -> None:
    hub = {"kind": "github", "app_id": 1, "private_key": "/key", "webhook_secret": "s", "relay": "https://relay/x"}
    lab = {"kind": "gitlab", "token": "t", "webhook_secret": "s"}
    builds = {"forges": {"hub": hub, "lab": lab}}
    names = {"webhook hub", "webhook lab", "catch-up hub", "catch-up lab", "relay hub"}
    assert {name for name, on in states(settings(builds=builds)).items() if on} >= names
    off = states(settings(builds=builds, service={"parts": ["worker"]}))
    assert not any(off[name] for name in names)


def test_what_is_wrong_is_what_the_source_said_or_that_it_does_not_look() -> None:
    sources = [one for one in configured(settings()) if one.name == "watcher"]
    (well,) = as_listed(sources, [Stored("watcher", "h", NOW - 5, "", NOW)], NOW)
    (away,) = as_listed(sources, [Stored("watcher", "h", NOW - 5, "squeue: away", NOW)], NOW)
    (late,) = as_listed(sources, [Stored("watcher", "h", NOW - 3600, "", NOW - 3600)], NOW)
    (never,) = as_listed(sources, [], NOW)
    assert (well.problem, away.problem, never.problem) == ("", "squeue: away", "")
    assert "does the service run" in late.problem
    assert (never.host, never.seen_at) == ("", None)


def test_a_source_that_waits_on_several_hosts_is_listed_for_each_and_the_watcher_once() -> None:
    told = [
        Stored(name, host, NOW - number, "", NOW) for name in ("mail", "watcher") for number, host in enumerate("ab")
    ]
    listed = as_listed([one for one in configured(settings()) if one.name in {"mail", "watcher"}], told, NOW)
    assert [(one.name, one.host) for one in listed] == [("mail", "a"), ("mail", "b"), ("watcher", "a")]


def test_a_service_that_is_long_gone_is_not_listed() -> None:
    (mail,) = as_listed([configured(settings())[0]], [Stored("mail", "old", 1.0, "x", NOW - 90 * 86400)], NOW)
    assert mail.host == ""
