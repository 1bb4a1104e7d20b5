"""PostgreSQL behind a pooler in transaction mode (PgBouncer, Odyssey …), recognised by itself.

There each transaction may come to another server connection. So nothing may outlast one: statements are prepared
without a name, and what a session would set is set in each transaction (PgBouncer's documentation, Feature matrix for
pooling modes). Directly connected, statements stay prepared, which saves a round trip for each.
"""

from typing import Any

import asyncpg
import structlog
from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import await_

from adapter.store.durability import OnConnect

log = structlog.get_logger(__name__)

SQLALCHEMYS = ("prepared_statement_cache_size", "prepared_statement_name_func", "async_creator_fn")
"""Arguments of a connection that are SQLAlchemy's own (its documentation of the dialect postgresql+asyncpg)."""
NO_NAME = ""
"""A statement without a name ends with the next one, and is the server's only one (PostgreSQL, Extended Query)."""


class Pooler:
    """Whether there is a pooler between us and PostgreSQL; found out once, with the first connection."""

    def __init__(self, engine: AsyncEngine, direct: OnConnect, pooled: OnConnect, in_transaction: str) -> None:
        """`direct`, `pooled`: what a new connection is told; `in_transaction`: what begins each pooled transaction."""
        self.between: bool | None = None
        self._direct, self._pooled, self._in_transaction = direct, pooled, in_transaction
        event.listen(engine.sync_engine, "do_connect", self._before_connect)
        event.listen(engine.sync_engine, "connect", self._connected)
        event.listen(engine.sync_engine, "begin", self._begun)

    def _before_connect(self, dialect: Any, record: Any, arguments: Any, named: dict[str, Any]) -> None:
        """Raises what connecting raises."""
        if self.between is None:
            given = {name: value for name, value in named.items() if name not in SQLALCHEMYS}
            self.between = await_(_is_between(*arguments, **given))
            if self.between:
                log.info("PostgreSQL is behind a pooler: statements are prepared anew in each transaction")
        if self.between:
            named["statement_cache_size"] = named["prepared_statement_cache_size"] = 0  # asyncpg's, SQLAlchemy's
            named["prepared_statement_name_func"] = lambda: NO_NAME

    def _connected(self, connection: Any, record: Any) -> None:
        (self._pooled if self.between else self._direct)(connection, record)

    def _begun(self, connection: Connection) -> None:
        if self.between:
            connection.exec_driver_sql(self._in_transaction)


async def _is_between(*arguments: Any, **named: Any) -> bool:
    """A pooler can't tell a client the number of a server process: the one that it gives is made up."""
    connection = await asyncpg.connect(*arguments, **{**named, "statement_cache_size": 0})
    try:
        return bool(await connection.fetchval("SELECT pg_backend_pid()") != connection.get_server_pid())
    finally:
        await connection.close()
