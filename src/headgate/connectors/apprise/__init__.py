"""Messages to any service that Apprise knows, by addresses that the site has configured.

Read ``connector.py`` first. Apprise blocks, logs addresses and says no more than yes or no, so it runs in processes of
its own (``worker.py``), which ``workers.py`` starts, asks and ends.
"""
