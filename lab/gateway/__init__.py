r"""An HTTP API of API Gateway on this machine: it checks IAM signatures, and calls tasks registered in Cloud Map.

    signature   checks the signature of a request (Signature Version 4)
    routes      the paths, and the tasks that each leads to
    targets     the tasks, in turn (round robin)
    gateway     handles a request, from its route to the task's response
    server      the process and its control
    running     starts and controls the process

API Gateway's own errors are a JSON object with a `message`. An HTTP API answers `Forbidden` whatever is wrong with the
signature; only REST APIs answer `Missing Authentication Token`. The order of the checks is not documented: here it is
route, signature, rate.
"""

from lab.gateway.running import RunningGateway, running_gateway
from lab.gateway.signature import Account

__all__ = ["Account", "RunningGateway", "running_gateway"]
