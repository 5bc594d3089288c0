"""A Discord to test against: its HTTP API for messages, its gateway, and a reader of its markup.

Read ``server.py`` first. It refuses what Discord's documentation says is refused, and more: fields that Discord does
not have, which Discord itself ignores. It is no evidence of what Discord really does where the documentation is silent.
"""
