"""``headgate mailprog``: the program that slurm.conf's MailProg names. Read ``group.py`` first."""
