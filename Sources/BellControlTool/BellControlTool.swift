// BellControlTool: see docs/architecture.md.
