"""Where the instances of an API are: resolvers, what they found before, and which of it to try first.

A URI of the setting `Apis` names the path; each path is one module here, and one line in paths.py.

    Uri -> Origin(Resolver) -> Cache -> Endpoints (with Outliers) -> adapters/api.py
"""
