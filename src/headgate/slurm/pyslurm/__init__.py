"""Records with the keys and values that PySlurm 22.5 gives, which StackStorm's Slurm pack handed on.

The keys are the names of Slurm's C structures, not of its commands; each module has one table that says which is which.
It asks nothing: ``headgate.slurm.operating`` does. What PySlurm gives and no command of all versions tells is left out.
"""
