"""Does it do what it says: the watchdog, the database, the figures."""
