"""The overview: how the cluster is now, and what is in trouble. ``routes.py`` first."""
