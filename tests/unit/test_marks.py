"""One look at all marks: each thing is read again when its mark is another, until that was possible."""

from adapter.errors import StoreUnavailable
from adapter.monitoring.marks import MarkWatch


class Thing:
    """Something that others change."""

    def __init__(self) -> None:
        self.reads = 0
        self.fails = False

    async def read(self) -> None:
        """Read it again."""
        self.reads += 1
        if self.fails:
            raise StoreUnavailable("away")


async def test_what_changed_is_read_again_and_nothing_else() -> None:
    marks, one, two = {"one": "a", "two": "a"}, Thing(), Thing()

    async def read() -> dict[str, str]:
        return dict(marks)

    watch = MarkWatch(read)
    watch.on("one", one.read, "one can't be read")
    watch.on("two", two.read, "two can't be read")
    await watch.look()  # something may have changed since the start
    assert (one.reads, two.reads) == (1, 1)
    await watch.look()
    assert (one.reads, two.reads) == (1, 1)
    marks["one"] = "b"
    one.fails = True
    await watch.look()
    await watch.look()
    assert (one.reads, two.reads) == (3, 1)  # again and again until it could be read
    marks["two"] = "b"
    one.fails = False
    await watch.look()
    await watch.look()
    assert (one.reads, two.reads) == (4, 2)


async def test_what_is_done_at_each_look_is_done_while_the_database_is_away() -> None:
    done = Thing()

    async def away() -> dict[str, str]:
        raise StoreUnavailable("away")

    watch = MarkWatch(away)
    watch.on("one", done.read, "it can't be read")
    watch.each(done.read, "it can't be done")
    done.fails = True
    await watch.look()
    await watch.look()
    assert done.reads == 2
