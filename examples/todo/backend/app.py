"""The wiring: what a FastAPI app adds to have users.

What could go wrong: CORS with credentials for any origin would hand every visitor's list to every site, so only the
trusted origins of the settings are allowed (in development, the dev server of the front end).
"""

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware

from backend import frontend, todos
from backend.database import Database
from backend.invalid import refuse_invalid
from gatepost import Gatepost, Settings


def create_app() -> FastAPI:
    """Build the app; nothing is read or written before it starts."""
    settings = Settings()
    gate = Gatepost(settings)
    database = Database(settings.url_of_database)
    app = FastAPI(title="Todo", lifespan=database.lifespan, docs_url=None, redoc_url=None)
    app.state.database = database
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.trusted_origins,
        allow_credentials=True,
        allow_methods=["GET", "POST", "PATCH", "DELETE"],
        allow_headers=["Content-Type"],
        expose_headers=["Retry-After"],
    )
    app.add_exception_handler(RequestValidationError, refuse_invalid)
    gate.install(app)
    app.include_router(todos.router)
    frontend.install(app)
    return app


app = create_app()
