"""Questions with gold -> certificate: a refusal threshold with a bound on the share of wrong answers."""
