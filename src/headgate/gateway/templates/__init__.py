"""Job templates: batch scripts of the site's with parameters, in which no value can become anything but a value.

``store.py`` finds and describes them, ``rendering.py`` fills them in, ``placing.py`` puts the values into the script,
``shell.py`` says where one may stand. Read ``placing.py`` first. Who writes a template is trusted; who fills it in is
not.
"""
