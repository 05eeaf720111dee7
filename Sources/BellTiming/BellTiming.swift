// BellTiming: see docs/architecture.md.
