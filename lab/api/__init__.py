"""The sample API: an HTTP service of the shop that the notifier calls. It can inject faults on request.

    python -m lab.api --port 8080 --name task-1
    curl localhost:8080/customers/1
    curl localhost:8080/_control/faults -d '{"path": "/customers/*", "kind": "delay", "seconds": 3, "times": 1}'

Each task has its own copy of the shop's rows, so several can run side by side. In each response, the header `x-task`
names the task and `Server-Timing` has the processing time. The Dockerfile in this folder builds an image for
infra/discovery/service.yaml; in that image there is no `/_control/`.
"""

from lab.api.running import RunningApi, running_api

__all__ = ["RunningApi", "running_api"]
