"""Push as wake-up: Slurm, told to, says "look now", and the watchers look at once instead of at their next tick.

A hint is never a fact: nothing that comes this way is written down as something that happened on the cluster, and
everything is found without it, only later. How often hints cause looks is bounded by the watchers' ``min_interval``.
Begin with ``hint.py``; ``headgate_trigger.py`` is the program that Slurm starts.
"""
