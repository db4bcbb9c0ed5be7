"""A local server that speaks TF Serving's gRPC and REST protocol, for machines without the real one.

It is built to what a real TF Serving 2.16.1 was seen to answer; docs/server.md says where the two differ. For
development, never for production: no TLS, no authentication, one process.
"""
