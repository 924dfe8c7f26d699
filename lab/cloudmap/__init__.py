r"""AWS Cloud Map on this machine: what DiscoverInstances sees of tasks that come, go, change and fall ill.

    python -m lab.cloudmap --port 8099 --control /tmp/cloudmap.sock
    curl --unix-socket /tmp/cloudmap.sock http://_/register -d '{"namespace": "shop.internal", "service": "api",
         "instance_id": "task-1", "attributes": {"AWS_INSTANCE_IPV4": "10.0.0.7", "AWS_INSTANCE_PORT": "8080"}}'
    AWS_DISABLE_HOST_PREFIX_INJECTION=true aws servicediscovery discover-instances \
         --endpoint-url http://127.0.0.1:8099 --namespace-name shop.internal --service-name api

    clock, timeline    time that can be moved on, and what an instance was at each time
    model, registry    namespaces, services, instances, and the operations that change them
    attributes         what an instance must say of itself
    discovery          which instances answer a question
    operations, wire   the API's operations, and JSON 1.1: validation and errors
    faults, throttle   what it does wrong when told to, and when asked too often
    api, server        what a call meets, and the process
    running            its other end

Where AWS documents no answer, the harsher one was taken, and the place says so.
"""

from lab.cloudmap.running import RunningCloudMap, running_cloudmap

__all__ = ["RunningCloudMap", "running_cloudmap"]
