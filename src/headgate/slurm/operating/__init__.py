"""Operating Slurm as its administrator: nodes, reservations, partitions, jobs, triggers, configuration.

Every operation looks up all names before it changes anything, reads what it changes before and after, and says of each
thing what became of it. It does not decide who may do what, and keeps no log: the actions do. Read ``node_orders.py``
(pure: what is done to which node, and what is left alone) and ``nodes.py`` first; ``headgate.slurm.operator`` holds
all of it together.
"""
