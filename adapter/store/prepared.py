"""The record's statements, which are on the way of every answer: compiled once, and given to SQLite's driver directly.

On the way from a statement through SQLAlchemy's result objects to the driver four fifths of the time are spent, on a
click that comes after a pause 1.2 ms of 1.6 (`python -m tests.bench switching`). PostgreSQL is a process of its own
and has no driver that could be asked directly from here: there they go the usual way.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, Table, bindparam, exc, text
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement

DIRECT = "pysqlite"
"""The driver that is asked directly: the writer's (`adapter.store.writer`)."""

Values = Mapping[str, Any]


class Prepared:
    """One statement. `names`: the columns that an INSERT is given; a statement made of words needs none."""

    def __init__(self, statement: Any, *names: str) -> None:
        self._statement: Any = statement
        self._names = names or None
        self._text = ""
        self._order: list[tuple[str, Callable[[Any], Any] | None]] = []

    def one(self, session: Session, values: Values) -> Sequence[Any] | None:
        """The first row that it returns."""
        connection = session.connection()
        if connection.dialect.driver != DIRECT:
            return connection.execute(self._statement, values).first()
        rows = self._directly(connection, "execute", values).fetchall()  # all, or the statement would not be over
        return rows[0] if rows else None

    def run(self, session: Session, rows: Sequence[Values]) -> None:
        """Carry it out for each of these, of which there is at least one."""
        connection = session.connection()
        if connection.dialect.driver != DIRECT:
            connection.execute(self._statement, rows)
        elif len(rows) == 1:
            self._directly(connection, "execute", rows[0])
        else:
            self._directly(connection, "executemany", *rows)

    def _directly(self, connection: Connection, how: str, *rows: Values) -> sqlite3.Cursor:
        if not self._text:
            self._compile(connection.dialect)
        given = [tuple(make(row[name]) if make else row[name] for name, make in self._order) for row in rows]
        cursor: sqlite3.Cursor = connection.connection.driver_connection.cursor()  # type: ignore[union-attr]
        try:
            getattr(cursor, how)(self._text, given if how == "executemany" else given[0])
        except sqlite3.Error as problem:  # the standard's names are SQLAlchemy's too (PEP 249, exceptions)
            raise getattr(exc, type(problem).__name__, exc.DatabaseError)(self._text, None, problem) from problem
        return cursor

    def _compile(self, dialect: Dialect) -> None:
        statement: ClauseElement = self._statement
        compiled = statement.compile(dialect=dialect, column_keys=self._names)
        assert isinstance(compiled, SQLCompiler)  # noqa: S101 - so are all statements on rows
        self._order = [
            (name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
            for name in compiled.positiontup or ()
        ]
        self._text = compiled.string


def insert_or_replace(table: Table) -> Prepared:
    """A row with all its columns, in place of one with the same `id`: the same words for SQLite and PostgreSQL."""
    quoted = [f'"{column.name}"' for column in table.columns]
    values = [f":{column.name}" for column in table.columns]
    return Prepared(
        text(
            f"INSERT INTO {table.name} ({', '.join(quoted)}) VALUES ({', '.join(values)}) "  # noqa: S608 - our own names
            f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in quoted)}"
        ).bindparams(*(bindparam(column.name, type_=column.type) for column in table.columns))
    )
