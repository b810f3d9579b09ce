"""A chatbot over a folder of articles that answers with exact quotations or refuses."""

import os

# The threads of torch and FAISS spin when their work is done, for milliseconds, and would take the core on which words
# are searched meanwhile (`rag.retrieve`). So few rounds still bridge the gaps within their work. GNU's OpenMP reads
# this when it is loaded.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
