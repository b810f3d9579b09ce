"""Ours inside other frameworks, a module each: `langchain`, `haystack`, `llamaindex`. Each needs its extra."""
