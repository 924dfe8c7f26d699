"""A kept connection that is reused only if its stream is known to be between two messages.

For urllib3 connections: the notifier's own, and botocore's (handler/aws.py).
"""

from __future__ import annotations

import time
from functools import partial
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, ClassVar

from handler.http_framing.response import DeadlineResponse, is_silent

if TYPE_CHECKING:
    from urllib3.connection import HTTPConnection as Base
else:
    Base = object


class StaleConnectionError(HTTPException):
    """The peer closed a kept connection or sent data before the request. Nothing of the request was sent."""


class AtBoundary(Base):
    """A mixin for urllib3's connection classes, to be listed before them.

    The timeout limits a whole answer, not each pause. Raises StaleConnectionError and what DeadlineResponse raises.
    """

    # Maximum size of an answer's body in bytes.
    largest: ClassVar[int]
    response_class: Any

    def request(self, *args: Any, **options: Any) -> None:
        """Send a request. First check that no data is waiting to be read: it could not be this request's answer."""
        if self.sock is None:
            self.connect()
        if not is_silent(self.sock):
            raise StaleConnectionError(f"{self.host} closed the connection or sent data before the request")
        super().request(*args, **options)

    def getresponse(self) -> Any:  # urllib3's response class, not http.client's
        """Read the answer to its end."""
        until = time.monotonic() + (self.timeout or 0.0)
        self.response_class = partial(DeadlineResponse, until=until, size=self.largest)
        return super().getresponse()

    @property
    def is_connected(self) -> bool:
        """Whether the connection is open and nothing arrived since its last answer."""
        return self.sock is not None and is_silent(self.sock)
