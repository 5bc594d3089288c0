"""Typed settings: what can be set, where values come from, and what is wrong with them.

A value comes from its default, from one TOML file, or from an environment variable ``HEADGATE__SECTION__KEY``, the
later winning; secrets may come from files of their own. Nothing here opens the store, asks Slurm or knows a connector:
which settings a kind of connector has is handed in.

Read ``settings.py`` first (what there is to set), then ``load.py`` (how it is read).
"""
