"""How questions are put in English."""
