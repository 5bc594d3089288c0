"""Forges: where pull requests are (GitHub, GitLab), behind one interface."""
