"""Forms in which the state of the system goes out."""
