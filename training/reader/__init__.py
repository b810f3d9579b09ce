"""Training of the extractive reader: data, made negatives, model, one resumable command, scoring."""
