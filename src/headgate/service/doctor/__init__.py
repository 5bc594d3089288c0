"""The doctor: looks at everything Headgate needs, and says what is wrong and what to do."""
