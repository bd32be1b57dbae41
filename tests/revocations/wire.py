"""Between two machines: a TCP proxy that is slow, holds back, loses everything without a word, replays, or cuts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gatepost.kernel.tasks import end_tasks


class Wire:
    """Passes bytes on, until it is told to do worse.

    Attributes:
        delay: seconds by which everything from the server comes later.
        is_lost: nothing passes, in either direction, and nobody is told.
        replay: what is answered in the place of the server, to every connection.
        kept: what the server said on the last connection.
    """

    def __init__(self, port: int) -> None:
        self.delay = 0.0
        self.is_lost = False
        self.replay: bytes | None = None
        self.kept = bytearray()
        self.connections = 0
        self.port = 0
        self._target = port
        self._passes = asyncio.Event()
        self._passes.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._open: list[asyncio.StreamWriter] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def hold(self) -> None:
        """Keep back what the server says."""
        self._passes.clear()

    def release(self) -> None:
        """Let everything that was kept back come at once."""
        self._passes.set()

    def cut(self) -> None:
        """Reset every connection."""
        for writer in self._open:
            writer.transport.abort()
        self._open.clear()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.kept = bytearray()
        self._open.append(writer)
        if self.replay is not None:
            await reader.read(65_536)
            writer.write(self.replay)
            return
        back_reader, back_writer = await asyncio.open_connection("127.0.0.1", self._target)
        self._open.append(back_writer)
        there = asyncio.create_task(self._pass(reader, back_writer, is_answer=False))
        back = asyncio.create_task(self._pass(back_reader, writer, is_answer=True))
        self._tasks |= {there, back}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_answer: bool) -> None:
        loop, late = asyncio.get_running_loop(), self._later(writer) if is_answer else None
        try:
            while piece := await reader.read(65_536):
                if self.is_lost:
                    continue
                if late is None:
                    writer.write(piece)
                else:
                    self.kept += piece
                    late.put_nowait((loop.time() + self.delay, piece))
        except OSError:
            pass
        if not self.is_lost:
            writer.close()

    def _later(self, writer: asyncio.StreamWriter) -> "asyncio.Queue[tuple[float, bytes]]":
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def send() -> None:
            loop = asyncio.get_running_loop()
            while True:
                due, piece = await queue.get()
                await asyncio.sleep(due - loop.time())
                await self._passes.wait()
                if not self.is_lost and not writer.is_closing():
                    writer.write(piece)

        self._tasks.add(asyncio.create_task(send()))
        return queue

    async def stop(self) -> None:
        self.cut()
        await end_tasks(self._tasks)


@asynccontextmanager
async def wire_to(port: int) -> AsyncIterator[Wire]:
    """Yield a wire to a port of this machine."""
    wire = Wire(port)
    server = await asyncio.start_server(wire.accept, "127.0.0.1", 0)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        server.close()
        await wire.stop()
