"""The REST API: Slurmer's and slurm-proxy's routes, and the gateway's own.

A route reads a request into types, asks the gateway, and shows what it says; it decides nothing. ``asking.py`` says who
asks, ``application.py`` puts the routes together; read that first.
"""
