"""The HTTP contract on aiohttp."""
