"""``./dev demo``: real jobs on a real Slurm, Headgate beside it, and the messages people get.

It is a demonstration that checks what it shows: a mail that does not come, comes twice or says something else makes it
fail. It shows one machine and one service on SQLite; it is no example of an installation (the documentation has that).

Read `play` first (the jobs, and what is expected of each), then `__main__` (the order of things).
"""
