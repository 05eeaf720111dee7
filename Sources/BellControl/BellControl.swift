// BellControl: see docs/architecture.md.
