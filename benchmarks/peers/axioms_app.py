"""axioms-fastapi, as its documentation writes it."""

import os

from axioms_fastapi import init_axioms, register_axioms_exception_handler, require_auth
from fastapi import Depends, FastAPI

ISSUER = os.environ["BENCH_ISSUER"]
app = FastAPI()
init_axioms(app, AXIOMS_AUDIENCE="https://api.example.com", AXIOMS_ISS_URL=ISSUER, AXIOMS_JWKS_URL=f"{ISSUER}/keys")
register_axioms_exception_handler(app)


@app.get("/item")
async def item(_: object = Depends(require_auth)) -> dict[str, bool]:
    return {"ok": True}
