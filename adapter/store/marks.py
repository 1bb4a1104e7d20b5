"""What tells a running adapter that others changed something: a mark for each thing, all of them read at once."""

from collections.abc import Mapping

from sqlalchemy import select

from adapter.store import consent, exempt, help, people
from adapter.store.database import Database
from adapter.store.tables import FactRow

PEOPLE, EXEMPT, HELP, CONSENT = people.VERSION, exempt.VERSION, help.VERSION, consent.VERSION
ALL = (PEOPLE, EXEMPT, HELP, CONSENT)
_QUERY = select(FactRow.name, FactRow.value).where(FactRow.name.in_(ALL))
_DIRECT = "SELECT name, value FROM facts WHERE name = ANY($1)"


class Marks:
    """Reads them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self) -> Mapping[str, str]:
        """By name; empty where nothing was ever changed. Raises StoreUnavailable."""
        rows = await self._database.ask(_DIRECT, ALL)
        if rows is None:
            async with self._database.read() as session:
                rows = (await session.execute(_QUERY)).all()
        return dict.fromkeys(ALL, "") | {name: value for name, value in rows}  # noqa: C416 - asyncpg's rows, too
