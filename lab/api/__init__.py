"""The sample API: the shop's other service, whose tasks the notifier asks; it can be told to misbehave.

    python -m lab.api --port 8080 --name task-1
    curl localhost:8080/customers/1
    curl localhost:8080/_control/faults -d '{"path": "/customers/*", "kind": "delay", "seconds": 3, "times": 1}'

Every task holds the shop's rows by itself, so several can run side by side. The header `x-task` of each answer says
which one gave it, and `Server-Timing` how long it took inside. The Dockerfile beside this file makes an image of it for
infra/discovery/service.yaml; there it has no `/_control/`.
"""

from lab.api.running import RunningApi, running_api

__all__ = ["RunningApi", "running_api"]
