r"""AWS Cloud Map on this machine: DiscoverInstances, for tasks that start, stop, change and become unhealthy.

    python -m lab.cloudmap --port 8099 --control /tmp/cloudmap.sock
    curl --unix-socket /tmp/cloudmap.sock http://_/register -d '{"namespace": "shop.internal", "service": "api",
         "instance_id": "task-1", "attributes": {"AWS_INSTANCE_IPV4": "10.0.0.7", "AWS_INSTANCE_PORT": "8080"}}'
    AWS_DISABLE_HOST_PREFIX_INJECTION=true aws servicediscovery discover-instances \
         --endpoint-url http://127.0.0.1:8099 --namespace-name shop.internal --service-name api

clock, timeline    a clock that can be advanced, and the state of an instance at each time
    model, registry    namespaces, services, instances, and the operations that change them
attributes         validation of an instance's attributes
    discovery          which instances match a DiscoverInstances request
    operations, wire   the API's operations, and JSON 1.1: validation and errors
    faults, throttle   injected faults, and the rate limits
    api, server        the handling of a call, and the process
    running            starts and controls the process

Where AWS documents no behaviour, the one that is harder on clients was chosen, and a comment says so.
"""

from lab.cloudmap.running import RunningCloudMap, running_cloudmap

__all__ = ["RunningCloudMap", "running_cloudmap"]
