"""A queue with its event source, in which time can be simulated: hours of waiting pass at once, work takes its time.

    clock           time that jumps
    messages        a standard queue, and its dead-letter queue
    records         what an event source mapping sends, and what it makes of the answer
    environment     one execution environment that can be killed, frozen and thawed
    agenda, source  what is planned, and the loop that hands out batches
    api, server     SQS's own API in front of the queues, for the function

The local AWS has queues and a mapping of its own, but no other time than the real one.
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
