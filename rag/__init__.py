"""A chatbot over a folder of articles that answers with exact quotations or refuses."""
