"""Writing mails into a folder, one file each, that its owner alone can read: they hold links that open accounts."""

import asyncio
import os
import re
from pathlib import Path

from gatepost.core.outbox.domain import Mail
from gatepost.core.outbox.message import message_of
from gatepost.core.outbox.policy import Sender
from gatepost.kernel.clock import Clock


class FileMailer:
    """Writes `<id>.eml`; a mail that is written again stands in the place of the first."""

    def __init__(self, folder: Path, sender: Sender, clock: Clock) -> None:
        self._folder = folder
        self._sender = sender
        self._clock = clock

    async def send(self, mail: Mail) -> None:
        """Write a mail; a reader sees the whole file or none."""
        raw = message_of(mail, self._sender, self._clock.now_ms()).as_bytes()
        name = re.sub(r"[^0-9A-Za-z-]", "", mail.message_id.strip("<>").partition("@")[0])
        await asyncio.to_thread(self._write, name, raw)

    def _write(self, name: str, raw: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._folder / f".{name}.{os.getpid()}"
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(raw)
        draft.replace(self._folder / f"{name}.eml")
