"""What every page's shell shows: navigation, who is signed in, the theme, and helpers for templates."""
from flask import Flask


def register_shell(app: Flask) -> None:
    """Completed below by the pages' globals."""
