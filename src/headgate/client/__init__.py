"""A client of the job gateway, for programs in Python.

::

    with Client("https://gateway.example.org", token, user="ada") as client:
        job = client.submit(command="/usr/bin/hostname", partition="main")
        for piece in client.output(job.id, follow=True):
            ...

``Client`` waits, ``AsyncClient`` is for asyncio; both do the same. It needs nothing of the service but the model.
"""

from __future__ import annotations

from headgate.client.asking import ApiError
from headgate.client.async_client import AsyncClient
from headgate.client.client import Client
from headgate.client.results import Event, File, Hook, Job, Template

__all__ = ["ApiError", "AsyncClient", "Client", "Event", "File", "Hook", "Job", "Template"]
