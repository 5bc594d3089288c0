"""Notifications: who was told what, when, and why not yet; the connectors, and what each makes of a message."""
