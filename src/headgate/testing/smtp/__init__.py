"""A mail server for tests and demos: it keeps mails as files, and can be told to behave badly at any step.

It speaks real SMTP on a real socket (aiosmtpd) and delivers nothing anywhere. Read ``sink.py`` first;
``python -m headgate.testing.smtp`` runs one on its own.
"""
