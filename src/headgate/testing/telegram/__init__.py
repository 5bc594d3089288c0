"""A Bot API for tests: it plays Telegram for one bot, and is strict about what is documented.

Read ``telegram.py`` first: the rules, without I/O. ``server.py`` serves them on a loopback port;
``python -m headgate.testing.telegram`` runs it by hand. It is no Telegram: nothing is delivered to anybody.
"""
