// ZeroMQTransport: see docs/architecture.md.
