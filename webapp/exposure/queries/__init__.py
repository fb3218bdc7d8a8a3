"""Every read of exposures, as functions that start from what the actor may see, and what exposures follow from."""
