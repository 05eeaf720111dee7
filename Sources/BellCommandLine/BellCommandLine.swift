// BellCommandLine: see docs/architecture.md.
