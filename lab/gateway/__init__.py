r"""An HTTP API of API Gateway on this machine: IAM authorisation in front, tasks that Cloud Map knows behind.

    signature   whether a request is signed as AWS asks for it (Signature Version 4)
    routes      which paths there are, and which tasks each leads to
    targets     the tasks, one after the other
    gateway     what a request meets, from its route to the task's answer
    server      the process and its control
    running     its other end

What API Gateway says of itself is a JSON object with a `message`. An HTTP API says `Forbidden` whatever is wrong with a
signature; `Missing Authentication Token` is a word of REST APIs. The order of the checks is not documented: here it is
route, signature, rate.
"""

from lab.gateway.running import RunningGateway, running_gateway
from lab.gateway.signature import Account

__all__ = ["Account", "RunningGateway", "running_gateway"]
