"""The pages for people, below ``/ui``: server-rendered, readable without scripts, live with a little of ours.

Read first ``application.py`` (what is put together), then ``frame.py`` (how a page is made) and ``visitor.py`` (who
asks). A folder a subject, with its routes and its templates beside each other in ``templates/``.
"""
