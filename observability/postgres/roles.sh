#!/bin/sh
# Run once by PostgreSQL's image, on an empty volume: the roles of apps/server/README.md. Owner and server are logins of their own, so that the server can
# neither change tables nor switch their policies off.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set owner="$RUSTOK_OWNER_PASSWORD" --set server="$RUSTOK_SERVER_PASSWORD" <<'SQL'
create role rustok_app;
create role rustok_system;
create role rustok_owner login password :'owner';
create role rustok_server login noinherit password :'server' in role rustok_app, rustok_system;
create database rustok owner rustok_owner;
SQL
