// BellSQLite: see docs/architecture.md.
