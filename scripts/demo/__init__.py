"""``./dev demo``: real jobs on a real Slurm, Headgate beside it, and the messages people get.

It is a demonstration that checks what it shows: a mail or a message in a chat that does not come, comes twice or says
something else makes it fail. Matrix (Synapse) and RabbitMQ are real, the other services strict fakes; nothing leaves
the machine. It shows one machine and one service on SQLite; it is no example of an installation (the documentation has
that).

Read `play` first (the jobs, and what is expected of each), then `__main__` (the order of things) and `second_act` (the
chats).
"""
