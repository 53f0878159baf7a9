"""The whole web application: the API and the page that uses it."""

from __future__ import annotations

from fastapi import FastAPI

from ticker_converter import __version__, web
from ticker_converter.api import application
from ticker_converter.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """An ASGI application; nothing is connected before the first request."""
    app = application.create(settings, __version__)
    web.install(app)
    return app
