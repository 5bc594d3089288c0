"""What happens in pull requests, from the forge into the journal, by every way there is.

Read ``intake.py`` first: a webhook, what a relay passes on, and what a forge's API tells afterwards all end there. The
same fact by two ways is one event, because ``facts.py`` makes its key of what it is about.
"""
