// Board: see docs/architecture.md.
