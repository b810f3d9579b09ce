"""The set of quotations: drafts made at run time around quotations of articles, by a seeded recipe."""
