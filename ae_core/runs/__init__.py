"""Runs: what is said of them in the database, their files on the disk, and frozen snapshots."""
