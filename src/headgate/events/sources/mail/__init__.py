"""Mails that Slurm asks for: handed over by slurmctld, kept in a spool directory, read into mail requests.

``headgate_mailprog.py`` is the hand-off: a program of its own that slurmctld starts, placed by ``install.py``. Its
records wait in the directory that ``spool.py`` looks after; ``record.py``, ``subject.py`` and ``reading.py`` turn one
record into a ``MailRequest`` (pure). Nothing here writes events, decides who is told, or asks Slurm.

Read ``headgate_mailprog.py`` first (what a record is), then ``reading.py``.
"""
