"""The init phase: what an environment gets ready before its first event.

Lambda gives this phase a whole processor, and an event the share that belongs to the function's memory: a seventh at
256 MB. So what every event needs is done here. Nothing may go wrong here, though: Lambda would end the environment and
log an error that belongs to no event. What fails is left to the first event that needs it, which reports it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from typing import Final

from handler.errors import named

# No step begins later than this. The phase may take 10 seconds, or Lambda begins it again within the invocation; and
# the longest steps take 8: a call of AWS that is made twice, or a login to a database that accepts and says nothing.
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
BEGIN_WITHIN_SECONDS: Final = 1.5

_logger: Final = logging.getLogger(__name__)


def prepare(steps: Iterable[Callable[[], object]], clock: Callable[[], float] = time.monotonic) -> None:
    """Run the steps in order, until one fails or the time is over. Raises nothing.

    It ends with the first failure, so that an outage costs one time-out here and not several. `clock` gives seconds.
    """
    began = clock()
    try:
        for step in steps:
            if clock() - began > BEGIN_WITHIN_SECONDS:
                return
            step()
    except Exception as error:  # noqa: BLE001 - the event that needs it meets the same error, and reports it
        _logger.debug("not prepared: %s", named(error))
