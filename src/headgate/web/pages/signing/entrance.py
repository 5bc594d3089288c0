"""Where people come in: the provider they may sign in at, and counts of those who try."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Self

from headgate.bots.rates import Rates
from headgate.config.pages import PagesSettings
from headgate.gateway.lockout import Lockout
from headgate.web.pages.signing.oidc import OidcSignIn

_BEGINNINGS: Final = 60
"""Sign-ins at the provider that are begun from one address in a minute."""


@dataclass(frozen=True, slots=True)
class Entrance:
    """What sign-ins of one configuration have in common."""

    oidc: OidcSignIn | None
    lockout: Lockout
    """Counts failed sign-ins."""
    beginnings: Rates = field(default_factory=lambda: Rates(_BEGINNINGS))
    """Counts who is sent to the provider."""

    @classmethod
    def of(cls, settings: PagesSettings) -> Self:
        """Make it. Raises ConfigError."""
        oidc = None if settings.oidc is None else OidcSignIn(settings.oidc, settings.url)
        return cls(oidc, Lockout(settings.wrong_sign_ins, settings.wrong_sign_ins_period, what="sign-ins"))

    async def aclose(self) -> None:
        """Close connections."""
        if self.oidc is not None:
            await self.oidc.aclose()
