"""Nodes: how they stand, what became of them, and what operators do to them. ``routes.py`` first."""
