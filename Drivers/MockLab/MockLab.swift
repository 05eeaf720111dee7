// MockLab: see docs/architecture.md.
