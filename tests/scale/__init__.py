"""What one adapter, and several, carry: many simulated PBXes, real NATS and PostgreSQL (`make scale`)."""
