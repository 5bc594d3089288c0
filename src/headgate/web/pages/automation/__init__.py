"""Automation: rules, what they did, and what waits for somebody's approval. ``routes.py`` first."""
