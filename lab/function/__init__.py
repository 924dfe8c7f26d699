"""One execution environment of the function as a process, which can be frozen, thawed, and shifted in time.

Compared with the emulator it is closer to the code: it takes any Python, any environment variables and a network
namespace, and returns the log of each invocation with its result. It is further from Lambda: it has no runtime client,
no memory limit, and no kill at the timeout.
"""

from lab.function.running import Failure, Invocation, RunningFunction, running_function

__all__ = ["Failure", "Invocation", "RunningFunction", "running_function"]
