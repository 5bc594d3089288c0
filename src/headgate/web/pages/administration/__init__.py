"""Administration: apps and tokens, roles, the audit log, the configuration, the store, sources. ``routes.py`` first."""
