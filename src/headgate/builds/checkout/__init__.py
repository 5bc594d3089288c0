"""Fetching what is built, into bare mirrors of Headgate's own. No code of a pull request is ever checked out here.

Read ``mirror.py`` first.
"""
