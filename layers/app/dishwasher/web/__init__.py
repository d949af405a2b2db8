"""Build pages: pure rendering of what the store and the blobs hold."""
