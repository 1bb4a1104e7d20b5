"""Several adapters of one installation: over a real NATS server, with cables between that can be cut."""
