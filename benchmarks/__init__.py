"""Benchmarks of speed, memory and quality; they are not part of the tests."""
