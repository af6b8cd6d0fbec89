"""What a table holds, for people who would rather look than read. Plain Python: no CKAN in here."""
