// BellSequence: see docs/architecture.md.
