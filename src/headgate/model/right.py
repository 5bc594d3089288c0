"""Rights: what there is to see and to do in Headgate beside actions, and which role each takes.

Written once for pages, REST, the command line, the local socket and chats. Actions name their own role.
Nobody needs a role for what is their own: their jobs, the messages about these, their links and subscriptions.
"""

from __future__ import annotations

import enum

from headgate.model.role import Role


class Right(enum.Enum):
    """Something that takes a role: its words, and the role."""

    def __init__(self, words: str, role: Role) -> None:
        self.words = words
        self.role = role

    SEE_ACTIONS = ("see what actions there are, and call those that take their role", Role.VIEWER)
    SEE_CLUSTER = ("see the cluster and its nodes", Role.VIEWER)
    SEE_JOBS = ("see everybody's jobs", Role.VIEWER)
    SEE_DELIVERIES = ("see everybody's messages", Role.VIEWER)
    SEE_AUTOMATION = ("see rules and executions, and follow triggers", Role.VIEWER)
    SEE_BUILDS = ("see builds", Role.VIEWER)
    CHANGE_DELIVERIES = ("replay and drop everybody's messages", Role.OPERATOR)
    TRY_CONNECTORS = ("send trial messages to themselves", Role.OPERATOR)
    DECIDE = ("approve, refuse and cancel executions, unless their rule names another role", Role.OPERATOR)
    CHANGE_RULES = ("switch rules on and off", Role.OPERATOR)
    CHANGE_BUILDS = ("retry, cancel and deploy builds", Role.OPERATOR)
    ADMINISTER = ("see and change apps, tokens, roles, the audit log and the configuration", Role.ADMIN)
