// BellDaemon: see docs/architecture.md.
