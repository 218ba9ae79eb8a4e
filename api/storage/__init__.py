"""Where documents lie: a content-addressed folder. It knows bytes and digests, nothing of their meaning."""
