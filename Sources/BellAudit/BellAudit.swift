// BellAudit: see docs/architecture.md.
