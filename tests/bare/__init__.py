"""A Django site of somebody else's, with the chat under /chat/ as docs/embedding.md says."""
