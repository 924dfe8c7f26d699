# The function as a container image: `make image` (docs/packaging.md). The base is AWS's own, which has Python, the runtime
# interface client, and the emulator that answers where there is no Lambda. What is copied is the package that `make build`
# ships as a zip, so that an image holds the same bytes, and dependencies are resolved once.
FROM public.ecr.aws/lambda/python:3.13-arm64
COPY .aws-sam/image/ ${LAMBDA_TASK_ROOT}/
CMD ["handler.app.lambda_handler"]
