"""The pages: static files that call the API of the server they came from, and nothing else.

No build step, no script or style from elsewhere or inside the HTML: the policy below forbids both, so that provider
text could not run even if a page forgot to escape it.
"""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).parent / "static"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


class _Files(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        # Names are not versioned, so a browser asks each time; most answers are 304.
        response.headers["Cache-Control"] = "no-cache"
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Referrer-Policy"] = "same-origin"
        return response


def install(app: Starlette) -> None:
    """Add `/`, `/docs` and `/static` to an application that has the API."""
    files = _Files(directory=STATIC)

    def page(name: str) -> Route:
        async def get(request: Request) -> Response:
            return await files.get_response(name, request.scope)

        return Route("/" if name == "index.html" else f"/{name.removesuffix('.html')}", get, name=name)

    app.router.routes.extend([page("index.html"), page("docs.html"), Mount("/static", files, name="static")])
