"""Value objects of the catalogue: no SQL, no request, no clock; one file per subject."""
