"""The gateway as the API uses it: everything together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from headgate.actions.desk import Desk
from headgate.config.gateway import GatewaySettings
from headgate.errors import RecipientError
from headgate.gateway.apps import Apps
from headgate.gateway.control import Control
from headgate.gateway.directories import Directories
from headgate.gateway.feed import Feed
from headgate.gateway.following import Follower
from headgate.gateway.lockout import Lockout
from headgate.gateway.oidc.verifier import OidcVerifier
from headgate.gateway.pace import Pace
from headgate.gateway.refusals import BadRequestError
from headgate.gateway.submissions import Submissions
from headgate.gateway.templates.store import TemplateStore
from headgate.gateway.ways import Way
from headgate.notify.connector import Connector
from headgate.store.store import Store


@dataclass
class Gateway:
    """One configuration of the gateway. ``connectors``: those that tasks may name; ``kinds``: what each is to tasks."""

    settings: GatewaySettings
    store: Store
    ways: Mapping[str, Way]
    follower: Follower
    connectors: Mapping[str, Connector] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    desk: Desk | None = None
    """Runs actions."""
    rules: Path | None = None
    """The directory of the site's rules; None: there are those that came with Headgate."""
    transfers: int = 0
    """Uploads and downloads under way."""
    followers: int = 0
    """Streams that are followed."""

    def __post_init__(self) -> None:
        """Make the parts."""
        own = self.settings
        self.apps = Apps(self.store)
        self.templates = TemplateStore(own.templates)
        self.directories = Directories(self.ways)
        self.control = Control(self.store, self.ways, self.directories)
        self.submissions = Submissions(
            self.store, self.ways, self.follower, own.limits, self.templates, control=self.control
        )
        self.feed = Feed(self.store)
        self.lockout = Lockout(own.wrong_tokens, own.wrong_tokens_period)
        self.pace = Pace()
        self.oidc = None if own.oidc is None else OidcVerifier(own.oidc)

    def check_recipient(self, text: str) -> str:
        """Return a recipient (``connector:target``) as its connector will use it. Raises BadRequestError."""
        name, _, target = text.partition(":")
        connector = self.connectors.get(name)
        if connector is None:
            raise BadRequestError(f"no connector is called {name[:64]!a}")
        try:
            return f"{name}:{connector.check_target(target)}"
        except RecipientError as error:
            raise BadRequestError(error.message) from error

    async def aclose(self) -> None:
        """Close connections."""
        if self.oidc is not None:
            await self.oidc.aclose()
