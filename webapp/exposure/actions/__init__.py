"""Every write of exposures: clocks that follow from reports and advisories, and what people decide."""
