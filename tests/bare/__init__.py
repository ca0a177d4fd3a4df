"""A third-party Django site, with the chat under /chat/ as in docs/embedding.md."""
