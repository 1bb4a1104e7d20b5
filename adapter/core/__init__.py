"""The pure model: events in, calls, monitors and views out. No I/O, no clock, no framework."""
