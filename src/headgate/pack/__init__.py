"""A StackStorm pack, built from the actions and rules that Headgate has.

Everything in the pack asks Headgate over its REST API; nothing in it knows Slurm. What StackStorm runs itself lies in
``files/``, as it is copied. Read ``content.py`` first, then ``build.py``.
"""
