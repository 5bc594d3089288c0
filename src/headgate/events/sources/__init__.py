"""What observes events: ``mail/`` reads what Slurm handed over, ``watcher.py`` asks Slurm.

Sources only write events; they decide nothing about messages.
"""
