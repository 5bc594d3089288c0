"""Mail: by SMTP, or by handing each mail to a command such as sendmail.

Read ``connector.py`` first; ``README.md`` is for the people who set it up. ``mail.py`` makes the bytes of a mail,
``smtp.py`` and ``command.py`` are the two ways out, ``answers.py`` says what a server's answer means.
"""
