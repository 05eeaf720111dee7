// BellStatistics: see docs/architecture.md.
