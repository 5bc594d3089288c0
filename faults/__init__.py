"""The fault suite: a whole running system on several hosts, hurt in every way we know, and every fact counted.

Real Slurm, real PostgreSQL, several ``headgate serve``, each in a network namespace of its own. Read ``main.py`` first,
then ``phases.py``. It needs root, and removes all it made, also when it is killed.
"""
