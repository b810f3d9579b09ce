"""What is measured. Each measure's docstring states its convention, and a test computes it by hand."""
