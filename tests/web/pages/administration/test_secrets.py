"""A mark in every secret setting there is, and a look for the marks on every page an administrator can see."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import BaseModel, SecretBytes, SecretStr

from headgate.config.locations import KeyPath
from headgate.config.origin import Origin
from headgate.config.schema import holds_secret, inner_model, is_one_secret, variants
from headgate.config.settings import Settings
from headgate.connectors.registry import kinds, settings_of
from headgate.store.store import Store
from headgate.web.pages.application import make_pages
from tests.web.pages.notifications.told import DEAD, tell
from tests.web.pages.pages_place import PagesPlace, pages_place

MARK: Final = "M4RK3D-S3CR3T"
PATHS: Final = (
    "/", "/me", "/notifications", f"/notifications/{DEAD}", "/notifications/connectors",
    "/administration", "/administration/apps", "/administration/tokens", "/administration/roles",
    "/administration/audit", "/administration/configuration", "/administration/configuration?all=1",
    "/administration/doctor",
)  # fmt: skip


@dataclass
class Marking:
    """Makes tables of settings in which every secret is a mark; ``origins``: as if they stood in a file."""

    origins: dict[KeyPath, Origin] = field(default_factory=dict)

    def table(self, model: type[BaseModel], path: KeyPath) -> Any:
        """Return a table with a mark in each of its secrets, and in those of the tables in it."""
        given: dict[str, Any] = {}
        for name, info in model.model_fields.items():
            if holds_secret(info.annotation):
                given[name] = self._secret(info.annotation, (*path, name))
            elif inner_model(info.annotation) is not None and name != "connectors":
                given[name] = self._tables(info.annotation, (*path, name))
            elif info.is_required():
                given[name] = "x"
        return model.model_construct(**given)

    def _tables(self, annotation: Any, path: KeyPath) -> Any:
        found = inner_model(annotation)
        assert found is not None
        holding, model = found
        several = variants(annotation)
        models = list(dict.fromkeys(several.models.values())) if several else [model]
        if holding == "table":
            return self.table(models[0], path)
        if holding == "tables by name":
            return {f"t{number}": self.table(one, (*path, f"t{number}")) for number, one in enumerate(models)}
        return tuple(self.table(one, (*path, number)) for number, one in enumerate(models))

    def _secret(self, annotation: Any, path: KeyPath) -> Any:
        self.origins[path] = Origin("file", "x.toml:1")
        mark = SecretStr(f"{MARK}-{len(self.origins)}")
        if is_one_secret(annotation):
            return SecretBytes(mark.get_secret_value().encode()) if "SecretBytes" in str(annotation) else mark
        inside = [typing.get_origin(one) or one for one in (annotation, *typing.get_args(annotation))]
        return {"k": mark} if dict in inside else (mark,)


def secrets_of(value: Any) -> Iterator[str]:
    """Yield every secret in settings."""
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from secrets_of(getattr(value, name))
    elif isinstance(value, dict):
        for one in value.values():
            yield from secrets_of(one)
    elif isinstance(value, tuple | list):
        for one in value:
            yield from secrets_of(one)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_no_secret_of_any_setting_is_on_any_page(place: PagesPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    await tell(place.store)
    site, marking = place.site, Marking()
    tables = {
        name: marking.table(info.annotation, (name,)) if isinstance(info.annotation, type) else value
        for name, info in Settings.model_fields.items()
        if (value := getattr(site.settings, name)) is not None and name not in ("pages", "roles", "local")
        and inner_model(info.annotation) and inner_model(info.annotation)[0] == "table"  # type: ignore[index]
    }  # fmt: skip
    connectors = {kind: marking.table(settings_of(kind), ("connectors", kind)) for kind in kinds()}
    own = {"builds", "gateway", "slurm", "executor", "push"} & set(tables)
    assert len(list(secrets_of(tables))) + len(list(secrets_of(connectors))) > 20
    settings = site.settings.model_copy(update={**{name: tables[name] for name in own}, "connectors": connectors})
    settings.read_from(Path("/x.toml"), marking.origins)
    shown = replace(site, settings=settings, connectors=dict.fromkeys(connectors, site.connectors["mailto"]))
    monkeypatch.setattr(place, "app", make_pages(lambda: shown))
    async with place.client("admin") as anna:
        pages = {path: await anna.http.get(f"/ui{path}") for path in PATHS}
        for kind in connectors:
            path = f"/notifications/preview?connector={kind}&message=failed"
            pages[path] = await anna.http.get(f"/ui{path}")
    assert {path: answer.status_code for path, answer in pages.items() if answer.status_code != 200} == {}
    assert [path for path, answer in pages.items() if MARK in answer.text] == []
    everything = pages["/administration/configuration?all=1"].text
    assert everything.count("********") >= len(marking.origins) / 2


REAL: Final[dict[str, dict[str, Any]]] = {
    "connectors.mailto": {
        "host": "127.0.0.1", "port": 1, "from_address": "slurm@example.org", "domain": "example.org",
        "username": "slurm", "password_file": "password",
    },
    "connectors.slack": {"token": f"xoxb-{MARK}"},
    "connectors.msteams.urls": {"general": f"https://flows.example.org/workflows/1?sig={MARK}"},
    "connectors.webhook.endpoints.ops": {"url": f"https://example.org/{MARK}"},
}  # fmt: skip


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_no_secret_of_a_real_configuration_is_on_any_page(store: Store, tmp_path: Path) -> None:
    (tmp_path / "password").write_text(MARK)
    (tmp_path / "password").chmod(0o600)
    async with pages_place(store, tmp_path, **REAL) as place, place.client("admin") as anna:
        await tell(store)
        assert sum(MARK in one for one in secrets_of(place.site.settings)) == 4
        for path in (*PATHS, "/notifications/preview?message=failed", f"/notifications/preview?message={DEAD}"):
            answer = await anna.http.get(f"/ui{path}")
            assert answer.status_code == 200
            assert MARK not in answer.text, path
        shown = (await anna.get("/administration/configuration")).text
    assert "connectors.mailto.password" in shown
    assert "********" in shown
    assert f"file {tmp_path}/password" in shown
