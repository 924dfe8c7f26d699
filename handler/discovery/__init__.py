"""Service discovery: resolvers that find the instances of an API, a cache, and outlier detection.

The scheme of a URI in the setting `Apis` selects the discovery path. Each path is one module here, and one line in
paths.py.

    Uri -> Origin(Resolver) -> Cache -> Endpoints (with Outliers) -> adapters/http/api.py
"""
