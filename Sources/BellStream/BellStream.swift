// BellStream: see docs/architecture.md.
