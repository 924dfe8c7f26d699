"""A kept connection that is used again only if its stream is known to be between two messages.

For connections of urllib3: our own, and those of botocore (handler/aws.py).
"""

from __future__ import annotations

import time
from functools import partial
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, ClassVar

from handler.http_framing.response import ResponseUntil, is_silent

if TYPE_CHECKING:
    from urllib3.connection import HTTPConnection as Base
else:
    Base = object


class SpokeFirstError(HTTPException):
    """The peer closed the connection, or sent something, before it was asked. Nothing of the request has left."""


class AtBoundary(Base):
    """A mixin for urllib3's connection classes, to be named before them.

    Its timeout limits a whole answer, not each pause. Raises SpokeFirstError beside what ResponseUntil raises.
    """

    # Bytes of an answer's body.
    largest: ClassVar[int]
    response_class: Any

    def request(self, *args: Any, **options: Any) -> None:
        """Send a request, over a connection on which nothing is waiting to be read: that could not be its answer."""
        if self.sock is None:
            self.connect()
        if not is_silent(self.sock):
            raise SpokeFirstError(f"{self.host} closed the connection, or sent something, before it was asked")
        super().request(*args, **options)

    def getresponse(self) -> Any:  # urllib3's response class, not http.client's
        """Read the answer to its end."""
        until = time.monotonic() + (self.timeout or 0.0)
        self.response_class = partial(ResponseUntil, until=until, size=self.largest)
        return super().getresponse()

    @property
    def is_connected(self) -> bool:
        """Whether it is open, and nothing came since its last answer."""
        return self.sock is not None and is_silent(self.sock)
