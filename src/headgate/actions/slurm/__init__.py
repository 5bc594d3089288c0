"""Actions on the cluster, by the names that StackStorm's Slurm pack gave them, with its parameters and results.

They hold no Slurm: ``headgate.slurm.operator`` does. Read ``asking.py`` first, then ``nodes.py``.
"""
