"""Every write of the catalogue: what feeds and advisories say, kept and put together."""
