from __future__ import annotations

import pytest

from tests.gateway.schema.groups import SLURMERS
from tests.gateway.schema.world import ask_all
from tests.gateway.site import Gateway

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(1800)]


async def test_thousands_of_requests_are_answered_as_the_description_says(gateway: Gateway) -> None:
    await ask_all(gateway, SLURMERS)
