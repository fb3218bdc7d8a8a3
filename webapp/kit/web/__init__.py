"""HTTP: doors, answers, errors, conditions, limits, documents. The only part of kit that knows Flask's request."""
