"""A real Synapse for these tests, and people who use it."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import pytest

from headgate.testing.matrix.person import Person
from headgate.testing.matrix.synapse import PROGRAM, SERVER_NAME, SynapseServer

NewPerson = Callable[[str], Awaitable[Person]]
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def synapse() -> Iterator[SynapseServer]:
    """A homeserver, kept for the session."""
    if not PROGRAM.exists():
        pytest.skip("Synapse is not installed in .counterparts")
    with SynapseServer() as server:
        yield server


@pytest.fixture
async def new_person(synapse: SynapseServer) -> AsyncIterator[NewPerson]:
    """Make somebody new on the homeserver, whose name begins as asked."""
    async with AsyncExitStack() as stack:

        async def make(name: str) -> Person:
            whole = f"{name}{next(_numbers)}"
            person = Person(synapse.url, f"@{whole}:{SERVER_NAME}", synapse.register(whole))
            return await stack.enter_async_context(person)

        yield make


@pytest.fixture
async def ada(new_person: NewPerson) -> Person:
    """Somebody who is told about jobs."""
    return await new_person("ada")


@pytest.fixture
async def bot(new_person: NewPerson) -> Person:
    """The account that Headgate uses."""
    return await new_person("headgate")
