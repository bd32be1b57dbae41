"""Serves the built front end after every route of the API, with a strict Content-Security-Policy.

What could go wrong: a page cached for ever would ask for scripts that the next build has removed. Names under
`/assets/` carry a hash of their content and are kept for a year; everything else is asked for again each time.
"""

from pathlib import Path

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import FileResponse

DIST = Path(__file__).parent.parent / "frontend" / "dist"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


def install(app: FastAPI) -> None:
    """Add the pages to `app`, if they are built."""
    if DIST.is_dir():
        pages = APIRouter(dependencies=[Depends(_page_headers)])
        pages.frontend("/", directory=DIST, check_dir=False)
        app.include_router(pages)
        # Not in a folder: Swagger UI resolves the relative `tokenUrl` of Authorize against the page's own.
        app.api_route("/docs", methods=["GET", "HEAD"], include_in_schema=False)(_docs)


def _page_headers(request: Request, response: Response) -> None:
    response.headers.update(HEADERS)
    if request.url.path.startswith("/assets/"):
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"


async def _docs() -> FileResponse:
    return FileResponse(DIST / "docs.html", headers=HEADERS)
