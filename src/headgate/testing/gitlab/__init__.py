"""A strict GitLab on a loopback port: merge requests, their notes, webhooks, and git. Read ``server.py`` first.

It is made from GitLab's documentation, not from a server: a parameter the documentation does not name is refused, and
stands in ``faults``. For tests, and for people who write for GitLab.
"""

from __future__ import annotations

from headgate.testing.gitlab.server import FakeGitLab
from headgate.testing.gitlab.world import MergeRequest, Note

__all__ = ["FakeGitLab", "MergeRequest", "Note"]
