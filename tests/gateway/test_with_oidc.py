"""Somebody with a token of their provider submits their own jobs, and nobody else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate.testing.cluster import Cluster
from headgate.testing.oidc.provider import OidcProvider
from tests.gateway.oidc.test_verifier import MODULES, NODE, USERS
from tests.gateway.site import Gateway

pytestmark = [
    pytest.mark.slurm,
    pytest.mark.skipif(
        not (MODULES / "node_modules" / "oidc-provider").exists(), reason="oidc-provider is not in .counterparts"
    ),
]


async def test_the_user_is_the_tokens_and_no_other(slurm_cluster: Cluster, directory: Path) -> None:
    async with OidcProvider(NODE, MODULES, USERS) as provider:
        oidc = {"issuer": provider.issuer, "audience": provider.audience, "app": "portal"}
        async with Gateway(slurm_cluster, directory, None, gateway__oidc=oidc) as gateway:
            bearer = {"Authorization": f"Bearer {await provider.token('portal')}", "X-Auth-Token": ""}
            async with gateway.client(None, **bearer) as ada:
                made = await gateway.submit(ada, command="/usr/bin/id", args=["-un"])
                over = await gateway.ended(ada, made["id"])
                assert over["user_name"] == "ada"
                assert (await ada.get(f"/jobs/{made['id']}/out")).text == "ada\n"
                named = await ada.get("/jobs", headers={"User": "ada"})
                assert [one["id"] for one in named.json()] == [made["id"]]
                other = await ada.get("/jobs", headers={"User": "ben"})
                assert other.status_code == 403
                both = await ada.get("/jobs", headers={"X-Auth-Token": gateway.token})
                assert both.status_code == 200
                apps = await ada.get(f"/apps/{gateway.app.id}/jobs")
                assert apps.status_code == 200
            wrong = {"Authorization": bearer["Authorization"][:-4] + "AAAA", "X-Auth-Token": ""}
            async with gateway.client(None, **wrong) as nobody:
                refused = await nobody.get("/jobs")
                assert refused.status_code == 401
                assert "signature" in refused.json()["detail"]
            assert bearer["Authorization"][7:40] not in gateway.headgate.log.read_text()
