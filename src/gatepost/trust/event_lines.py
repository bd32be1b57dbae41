"""Lines of an event stream (WHATWG HTML, section 9.2.6) as events of ours, strictly: one line of data each."""

from gatepost.kernel.revocations import Event, Malformed, read_event


class EventLines:
    """Takes lines and gives events."""

    def __init__(self) -> None:
        self._name = ""
        self._data: bytes | None = None

    def feed(self, line: bytes) -> Event | None:
        """Take one line; return the event that it completes, if we know it.

        Raises:
            Malformed: it is none of an event stream of ours.
        """
        if not line:
            name, data, self._name, self._data = self._name, self._data, "", None
            return None if data is None else read_event(name, data)
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data" and self._data is None:
            self._data = value
        elif field == b"event":
            self._name = value.decode("latin-1")
        elif field not in {b"", b"id", b"retry"}:  # a comment has no name
            raise Malformed("a line that is none of an event")
        return None
