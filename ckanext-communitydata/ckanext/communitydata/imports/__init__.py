"""Descriptions that exist already, read into proposals for our forms. Plain Python: no CKAN in here.

Nothing is saved and nothing is fetched: a person looks at the proposal first.
"""
