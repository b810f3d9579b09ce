"""Weights and coefficients that ship with the package."""
