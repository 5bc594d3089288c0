"""slurmrestd: Slurm's REST API, from 0.0.36 to 0.0.44.

``steps.py`` says what each step of the API takes, ``values.py`` and ``reading.py`` what answers mean: both are pure.
``door.py`` does the asking, ``tokens.py`` has the tokens, and ``client.py`` is what the rest of Headgate uses: read
that first. It opens no files: output and uploads need one of the ways to act as a user.
"""
