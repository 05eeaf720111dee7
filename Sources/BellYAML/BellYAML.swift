// BellYAML: see docs/architecture.md.
