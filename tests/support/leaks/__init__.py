"""An attack on the gate: content is written by every road CKAN has, then everything a visitor can read is read."""
