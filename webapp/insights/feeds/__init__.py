"""Where facts are fetched from."""
