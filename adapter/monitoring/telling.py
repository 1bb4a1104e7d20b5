"""What the log says of what is written."""

import structlog

from adapter.core.record import Record

log = structlog.get_logger(__name__)


def tell(record: Record) -> None:
    """One line for each fact."""
    for entry in record.entries:
        log.info(entry.action.value, **entry.told())
    for event in record.events:
        if event.type.value.startswith("call."):
            log.info(event.type.value, call_id=event.call_id)
