// BellHost: see docs/architecture.md.
