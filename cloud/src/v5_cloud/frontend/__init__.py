"""The back office's front end: its build, and the files it leaves."""
