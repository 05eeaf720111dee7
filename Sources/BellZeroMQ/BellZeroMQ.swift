// BellZeroMQ: see docs/architecture.md.
