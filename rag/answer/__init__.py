"""The last stages of the ask walk: decide, render, and what runs them all."""
