// BellCertifier: see docs/architecture.md.
