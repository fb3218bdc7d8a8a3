"""`make bench`: how fast Patchboard is here, against the same rows written by hand-made SQL in the same run."""
