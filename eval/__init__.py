"""Measures the program: questions, parts, metrics and benchmarks. Imports `rag`; nothing in `rag` imports it."""
