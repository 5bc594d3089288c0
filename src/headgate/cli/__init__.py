"""The command line: a folder a noun, a file a verb.

``main.py`` lists the nouns; ``output.py`` is how all of them answer.
"""
