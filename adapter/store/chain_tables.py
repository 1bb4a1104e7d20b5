"""The table of the audit's chains."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from adapter.store.columns import Counter
from adapter.store.tables import Base


class AuditChainRow(Base):
    """The chain of one PBX's entries. The installation's has no row here: its head is the fact `audit_head`."""

    __tablename__ = "audit_chains"

    id: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(32), unique=True)
    """The PBX's id."""
    head: Mapped[str] = mapped_column(String(100))
    """The last entry's number and hash, as `number:hash`; of number 0 where there is none yet."""
