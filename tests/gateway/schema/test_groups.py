from __future__ import annotations

from headgate.web.api.application import make_api
from tests.gateway.schema.groups import GROUPS, LEAST, group_of


def test_the_groups_together_are_the_whole_api_and_ten_thousand_requests() -> None:
    asked = {
        group: [path for path in make_api(lambda: None).openapi()["paths"] if group_of(path) is group]
        for group in GROUPS
    }
    assert all(asked.values())
    assert sum(group.least for group in GROUPS) == LEAST
