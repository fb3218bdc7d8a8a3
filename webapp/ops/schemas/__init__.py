"""What the doors of operation answer."""
