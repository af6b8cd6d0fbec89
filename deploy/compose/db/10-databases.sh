#!/bin/bash
# Runs once, when the database's volume is empty: roles and databases as `deploy/services.py` makes them.
set -euo pipefail
psql --username postgres --set ON_ERROR_STOP=1 \
    --set ckan_password="$DB_PASSWORD" --set reader_password="$READER_PASSWORD" <<'SQL'
CREATE ROLE ckan LOGIN NOSUPERUSER PASSWORD :'ckan_password';
CREATE ROLE datastore_ro LOGIN NOSUPERUSER PASSWORD :'reader_password';
CREATE DATABASE ckan OWNER ckan TEMPLATE template0 ENCODING 'UTF8';
CREATE DATABASE datastore OWNER ckan TEMPLATE template0 ENCODING 'UTF8';
REVOKE CONNECT ON DATABASE ckan FROM PUBLIC;
REVOKE CONNECT ON DATABASE datastore FROM PUBLIC;
SQL
