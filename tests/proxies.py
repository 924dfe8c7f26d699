"""A base class for proxies in tests: listens on loopback, and serves one client at a time."""

from __future__ import annotations

import socket
import threading
from abc import ABC, abstractmethod
from contextlib import suppress


class Proxy(ABC):
    """A proxy at `url`, until it is closed. Subclasses define how it handles a client."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._serving = threading.Thread(target=self._serve, daemon=True)
        self._serving.start()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)  # ends the accept call
        self._listening.close()
        self._serving.join(5)

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                with client, suppress(OSError):
                    self.answer(client)

    @abstractmethod
    def answer(self, client: socket.socket) -> None:
        """Handle a client, whose connection is closed afterwards."""
