"""Serving a trained model: here, without a server, and through TF Serving's own protocol."""
