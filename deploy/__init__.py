"""Runs the suite on one machine: bootstrap, processes, CKAN sites for demo and tests."""
