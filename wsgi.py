"""The WSGI application: `flask --app wsgi …`, and what the web server of the Procfile serves."""

from webapp import create_app

app = create_app()
