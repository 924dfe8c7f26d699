"""The function as one execution environment in a process of its own, which can be frozen, thawed and shifted in time.

Closer to the code than the emulator is: any Python, any environment, a network namespace, one answer for each
invocation with what it logged. Further from Lambda: no runtime client, no memory limit, no kill at the timeout.
"""

from lab.function.running import Failure, Invocation, RunningFunction, running_function

__all__ = ["Failure", "Invocation", "RunningFunction", "running_function"]
