"""Mail: by SMTP, by handing each mail to a command such as sendmail, or by Gmail's API.

Read ``connector.py`` first; ``README.md`` is for the people who set it up. ``mail.py`` makes the bytes of a mail,
``smtp.py``, ``command.py`` and ``gmail.py`` are the three ways out, ``answers.py`` and ``gmail_answers.py`` say what an
answer means.
"""
