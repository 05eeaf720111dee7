// BellCertification: see docs/architecture.md.
