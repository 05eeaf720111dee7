// DriverKit: see docs/architecture.md.
