"""Setting Headgate up on a host: account, directories, units, hand-off, executor and a first configuration.

`answers` is what somebody has to say; `document` makes the configuration of it; `place` puts everything in its place
and changes nothing that is right already; `look` asks Slurm and the mail server. It starts nothing, and a configuration
that is there is never touched.
"""
