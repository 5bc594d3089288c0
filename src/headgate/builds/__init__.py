"""Builds: pull requests built, tested and deployed on the cluster by commands in their comments."""
