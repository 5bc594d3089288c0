"""Yourself: links to chats, preferences, subscriptions, and where one is signed in. ``routes.py`` first."""
