// BellCrypto: see docs/architecture.md.
