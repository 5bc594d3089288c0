"""Deploying: artefacts of builds that passed go to an object store, a directory, or through the site's own script.

It chooses by policy, copies as the build user into a spool of Headgate's own, signs and sends those copies, and says
of every artefact what became of it, and why. It reads no comments and writes none. Read ``deployer.py`` first.
"""
