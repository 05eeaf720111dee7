// BellJournal: see docs/architecture.md.
