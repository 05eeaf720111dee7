// BellZstd: see docs/architecture.md.
