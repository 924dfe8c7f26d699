"""Choose the root certificates that verify AWS.

botocore reads the 126 roots of its bundle anew for each connection (https://github.com/boto/botocore/issues/3171,
https://github.com/urllib3/urllib3/issues/3623): 17 ms of processor time, as measured with OpenSSL 3.0, where Amazon's
five take 0.8 ms. These are in aws_roots.pem.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.request import getproxies

ROOTS: Final = Path(__file__).with_name("aws_roots.pem")


def roots(*, bundle_is_set: bool, endpoint_is_set: bool, proxy_has_tls: bool, partition: str) -> Path | None:
    """Return Amazon's roots if AWS documents that they are enough; None leaves the choice to botocore.

    `bundle_is_set`: the settings name a bundle, which then is used. `endpoint_is_set`: they name an endpoint, which can
    have any certificate. `proxy_has_tls`: calls go through an https:// proxy, whose certificate urllib3 verifies by the
    same roots. `partition` is the region's, by botocore's names. In `aws` the certificates of AWS's endpoints
    are from Amazon Trust Services, which recommends to trust all five roots:
    https://aws.amazon.com/blogs/security/how-to-prepare-for-aws-move-to-its-own-certificate-authority/
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ats-certs.html
    https://www.amazontrust.com/repository/
    The last page announces further roots for the European Sovereign Cloud. AWS does not document which
    authorities issue for the services that the function calls in China, GovCloud and the isolated partitions.
    """
    return ROOTS if partition == "aws" and not (bundle_is_set or endpoint_is_set or proxy_has_tls) else None


def verify(session: Any, environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the argument `verify` for a client, by what a session of botocore reads from its settings.

    Where a bundle is set: https://docs.aws.amazon.com/boto3/latest/guide/configuration.html
    Where an endpoint is: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    Raises one of aws.failures() if the settings cannot be read.
    """
    bundle = session.get_config_variable("ca_bundle")
    chosen = roots(
        bundle_is_set=bundle is not None or "REQUESTS_CA_BUNDLE" in environment,
        endpoint_is_set=any(name.startswith("AWS_ENDPOINT_URL") for name in environment)
        or not session.get_scoped_config().keys().isdisjoint({"endpoint_url", "services"}),
        proxy_has_tls=any(proxy.startswith("https://") for proxy in getproxies().values()),
        partition=_partition(session),
    )
    return str(chosen) if chosen else None


def tls_failure(error: BaseException) -> str:
    """Return why there is no TLS connection to AWS, and which setting can help; empty if the reason is unknown.

    The text is OpenSSL's text about the certificate, or the name of an error; it never quotes a request.
    """
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"{cause.verify_message} (AWS_CA_BUNDLE names the CAs to trust)"
        if isinstance(cause, ssl.SSLError):
            return cause.reason or type(cause).__name__
        if type(cause).__name__ == "CertificateError":  # urllib3 checks the host name itself
            return "the certificate is for another host"
        if isinstance(cause, FileNotFoundError | PermissionError | IsADirectoryError):
            return f"{type(cause).__name__} (AWS_CA_BUNDLE must name a PEM file)"
    return ""


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _partition(session: Any) -> str:
    """Return the partition of the session's region; empty if there is no region, or if botocore does not know it."""
    from botocore.exceptions import UnknownRegionError

    region = session.get_config_variable("region")
    try:
        return str(session.get_partition_for_region(region)) if region else ""
    except UnknownRegionError:
        return ""
