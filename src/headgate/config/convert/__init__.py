"""Configurations of the programs that Headgate takes the place of, as a configuration of Headgate.

Nothing is read from a cluster and nothing is written: files become a text, with a remark wherever something could not
be carried over exactly. Read ``goslmailer.py`` first.
"""
