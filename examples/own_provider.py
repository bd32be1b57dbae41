"""A provider that Gatepost does not know is one short file: this one, for a forge that speaks OAuth 2.0 alone.

GATEPOST_PROVIDERS__FORGE__PRESET=own_provider:FORGE
GATEPOST_PROVIDERS__FORGE__CLIENT_ID=…
GATEPOST_PROVIDERS__FORGE__CLIENT_SECRET=…
"""

from fastapi import FastAPI

from gatepost import CurrentUser, Gatepost
from gatepost.presets import Account, Endpoints, Preset, Said, number_in, text_in

FORGE_URL = "https://forge.example.com"


async def read(said: Said) -> Account:
    """Return who somebody is there; its addresses are asked for, since the profile does not say which are verified."""
    listed = await said.ask(f"{said.issuer}/api/emails")
    verified = [each for each in listed if each.get("verified") is True]
    return Account(
        issuer=said.issuer,
        subject=number_in(said.claims, "id"),  # the number, which stays; never the name, which others can take
        email=text_in(verified[0], "address") if verified else None,
        email_is_verified=bool(verified),
        username=text_in(said.claims, "login"),
        claims=said.claims,
    )


FORGE = Preset(
    name="forge",
    label="The Forge",
    issuer=FORGE_URL,
    scopes=("profile", "emails"),
    endpoints=Endpoints(
        authorization=f"{FORGE_URL}/oauth/authorize",
        token=f"{FORGE_URL}/oauth/token",
        userinfo=f"{FORGE_URL}/api/me",
    ),
    read=read,
    authentication="client_secret_post",
)

app = FastAPI()
gate = Gatepost()
gate.install(app)


@app.get("/hello")
async def hello(user: CurrentUser) -> dict[str, str | None]:
    """Say hello to who signed in."""
    return {"hello": user.email or user.username}
