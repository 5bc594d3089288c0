"""Builds: pull requests with what was built of them. ``routes.py`` first."""
