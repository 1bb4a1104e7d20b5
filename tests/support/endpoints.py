"""Endpoints of pages' phones in memory: of two kinds that were there before us, ours and another installation's."""

import asyncio

TAG = "0a1b2c3d"
LEFT, OTHERS = f"cm-web-{TAG}-left", "cm-web-99999999-page"


class Memory:
    """Endpoints in memory."""

    def __init__(self) -> None:
        self.there: dict[str, str] = {"101": "", LEFT: "", OTHERS: ""}

    async def put(self, endpoint: str, password: str) -> None:
        await asyncio.sleep(0)
        self.there[endpoint] = password

    async def remove(self, endpoint: str) -> None:
        self.there.pop(endpoint, None)

    async def listed(self) -> list[str]:
        return list(self.there)

    async def close(self) -> None:
        pass
