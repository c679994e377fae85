"""Runs on disk and as frozen snapshots: records, histories, previews and an index."""
