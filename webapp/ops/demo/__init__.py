"""`flask --app wsgi demo`: an invented fleet, or with `--from` real ones, both made by the actions of the API."""
