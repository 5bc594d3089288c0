"""A strict GitHub on a loopback port: what an App that answers comments in pull requests needs of it.

Read ``server.py`` first. Every request and every answer is held against GitHub's published description of its API (npm
``@octokit/openapi``), and so are the webhooks it sends, which begin as GitHub's own samples (``webhooks-examples``).
``faults`` names what was asked wrongly. For tests, and for people who write for GitHub::

    async with FakeGitHub(modules) as github:   # modules/node_modules has both packages
        github.webhook_url, github.secret = "http://127.0.0.1:8470/github/webhook", "secret"
        site = github.world.install("site")
        repository = github.world.add_repository("site/software", site)
        pull = github.world.add_pull_request(repository, author="ada", head="1" * 40)
        await github.say(pull, "ada", "bot: help")          # delivered, and signed
        ...  # an App with github.api_url, github.app_id and github.private_key
        assert github.comments(pull)[-1].body
        assert github.faults == []
"""

from __future__ import annotations

from headgate.testing.github.server import FakeGitHub
from headgate.testing.github.troubles import Trouble
from headgate.testing.github.world import Comment, Delivery, Installation, PullRequest, Repository, World

__all__ = ["Comment", "Delivery", "FakeGitHub", "Installation", "PullRequest", "Repository", "Trouble", "World"]
