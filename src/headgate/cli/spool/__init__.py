"""``headgate spool``: mails that wait to be read, and those that could not be. Read ``group.py`` first."""
