"""A chatbot over a folder of articles that answers with exact quotations or refuses."""

import os

# The threads of torch and FAISS spin for a while when their work is done, and would take the core on which words are
# searched meanwhile (`rag.retrieve`). Read when these are loaded, so it is set before.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
