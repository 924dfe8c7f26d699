"""A queue and its event source mapping in simulated time: waiting for hours takes no time, work takes its real time.

    clock           a virtual clock that jumps
    messages        a standard queue, and its dead-letter queue
    records         the events of an event source mapping, and the handling of its responses
    environment     one execution environment that can be killed, frozen and thawed
    scheduler, source   the scheduled actions, and the loop that delivers batches
    api, server     SQS's own API in front of the queues, for the function

The local AWS has its own queues and mapping, but only in real time.
"""

from lab.queue.api import Api
from lab.queue.clock import VirtualClock
from lab.queue.environment import Ended, Environment
from lab.queue.messages import Message, Queue
from lab.queue.server import ACCOUNT, serving
from lab.queue.source import EventSource, Limits

__all__ = [
    "ACCOUNT",
    "Api",
    "Ended",
    "Environment",
    "EventSource",
    "Limits",
    "Message",
    "Queue",
    "VirtualClock",
    "serving",
]
