"""What the world publishes about Drupal, one file per source: readers of its documents, and the values that they give."""
