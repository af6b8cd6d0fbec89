"""Outlines from files of map tools, read in a child process. Plain Python: no CKAN in here."""
