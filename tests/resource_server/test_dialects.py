"""Each product's tokens, in the shapes that it issues, become one principal."""

import time
from dataclasses import replace

import pytest

from gatepost import Issuer
from gatepost.crypto.jwk import Algorithm
from gatepost.trust.access_tokens import user_id_of
from gatepost.trust.dialect import Granted
from gatepost.trust.dialects import OIDC
from tests.resource_server.issuer import foreign, named
from tests.resource_server.service import serving
from tests.resource_server.shapes import (
    BARE,
    CASES,
    EDITORS,
    FRESH,
    OKTA,
    PLAIN,
    USER,
    WRITERS,
    accepted,
)

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("name", CASES)
async def test_a_token_of_the_product_reads_like_one_of_ours(name: str) -> None:
    path, options, claims, header = CASES[name]
    if "auth_time" in claims:  # recent when the test runs, which may be long after it was collected
        claims = {**claims, "auth_time": int(time.time()) - 20}
    async with foreign(path) as issuer, serving(accepted(issuer, options)) as service:
        token = issuer.token(claims, header)
        me = await service.me(token)
        assert (me["issuer"], me["subject"]) == (issuer.url, claims["sub"])
        assert {"articles.read", "articles.write"} <= set(me["scopes"])
        assert me["client_id"]
        assert me["auth_time"] == claims.get("auth_time", 0)
        assert me["user_id"] == (USER if name == "gatepost" else str(user_id_of(issuer.url, claims["sub"])))
        assert await service.status(token, "/scope") == 200
        assert await service.status(token, "/role") == (200 if name in EDITORS else 403)
        assert await service.status(token, "/depends") == (200 if name in EDITORS else 403)
        assert await service.status(token, "/permission") == (200 if name in WRITERS else 403)
        assert await service.status(token, "/fresh") == (200 if name in FRESH else 403)
        assert await service.status(token, "/verified") == (200 if name == "keycloak" else 403)
        assert await service.status(token, "/in-person") == 200
        assert await service.status(token, "/check") == 403
        assert await service.status(issuer.token({**claims, "tenant": "blue"}, header), "/check") == 200


async def test_roles_at_other_clients_of_keycloak_are_nothing_here() -> None:
    path, options, claims, header = CASES["keycloak"]
    async with foreign(path) as issuer, serving(accepted(issuer, options)) as service:
        me = await service.me(issuer.token(claims, header))
        assert me["roles"] == ["default-roles-main", "editor", "offline_access", "reader"]


async def test_groups_are_roles_only_where_that_is_asked_for() -> None:
    async with foreign("/oauth2/default") as issuer:
        for roles, expected in ((None, []), ("groups", ["Everyone", "editor"])):
            async with serving(Issuer(issuer.url, dialect="okta", roles=roles)) as service:
                assert (await service.me(issuer.token(OKTA, BARE)))["roles"] == expected


async def test_roles_are_read_at_a_path_and_by_a_function() -> None:
    claims = {**PLAIN, "https://app.example.com/roles": ["editor"], "urn:project:roles": {"editor": {"1": "a"}}}
    claims["deep"] = {"in": {"it": ["writer"]}}
    async with foreign() as issuer:
        for roles, expected in (
            ("https://app.example.com/roles", ["editor"]),
            (("deep", "in", "it"), ["writer"]),
            (("deep", "absent", "it"), []),
            (lambda found: found["urn:project:roles"], ["editor"]),
        ):
            async with serving(Issuer(issuer.url, roles=roles)) as service:
                assert (await service.me(issuer.token(claims)))["roles"] == expected


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
async def test_keys_that_do_not_name_their_algorithm_are_used(algorithm: Algorithm) -> None:
    async with foreign(algorithm=algorithm) as issuer:
        issuer.keys = [named(issuer.key, "k1", alg=None, use="sig", x5t="k1", issuer=issuer.url)]
        async with serving(issuer.url) as service:
            assert await service.status(issuer.token(PLAIN)) == 200


async def test_who_is_impersonated_is_not_there_in_person() -> None:
    async with foreign() as issuer, serving(issuer.url) as service:
        token = issuer.token({**PLAIN, "auth_time": int(time.time()), "act": {"sub": "support"}})
        assert await service.status(token) == 200
        assert await service.status(token, "/in-person") == 403
        assert await service.status(token, "/fresh") == 403


async def test_a_dialect_of_the_hosts_own_is_used() -> None:
    own = replace(
        OIDC, name="own", read=lambda claims, _: Granted(roles=frozenset(claims["groups_of_ours"].split(",")))
    )
    async with foreign() as issuer, serving(Issuer(issuer.url, dialect=own)) as service:
        assert (await service.me(issuer.token({**PLAIN, "groups_of_ours": "a,b"})))["roles"] == ["a", "b"]
        assert await service.status(issuer.token(PLAIN)) == 401
