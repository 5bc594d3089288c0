"""Settings of what people on this host may tell Headgate about themselves: the local socket, link codes, the audit log.

How chats become people's own stands here too: a code comes from the socket and is said to a bot.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from headgate.config.section import Count, CountOrZero, Number, Seconds, Section, SocketOrOff

SOCKET = "/run/headgate/headgate.sock"
"""Where the local socket is unless it is set."""


class LocalSettings(Section):
    """What users of this host may ask and set with `headgate me`, and how they link chats to their accounts."""

    socket: SocketOrOff = Field(
        SOCKET,
        description="Unix socket on which `headgate me` is answered: an absolute path, or `off`. "
        "Its directory has to be there, and users have to be able to enter it.",
    )
    code_lifetime: Annotated[float, Number, Field(ge=30, le=86400)] = Field(
        600, description="Seconds for which a code of `headgate me link` is good."
    )
    wrong_codes: Count = Field(
        5, description="Wrong codes one person in a chat may say within `wrong_codes_period` before none is taken."
    )
    wrong_codes_per_connector: Count = Field(
        200, description="Wrong codes that are taken in one connector within `wrong_codes_period`, from all together."
    )
    wrong_codes_period: Seconds = Field(900, description="Seconds for which wrong codes are counted.")
    commands_per_minute: Annotated[int, Number, Field(ge=1, le=1000)] = Field(
        20, description="Commands one person may give a bot in a minute."
    )
    audit_days: CountOrZero = Field(365, description="Days for which the audit log is kept; 0 keeps it for ever.")

    @property
    def path(self) -> Path | None:
        """Where the socket is; None if there shall be none."""
        return None if self.socket == "off" else Path(self.socket)
