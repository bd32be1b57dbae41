// oidc-provider as the tests want it: PKCE always, logout by back channel, tokens for the resources that are known.

import { generateKeyPairSync, randomUUID } from "node:crypto";
import Provider, { errors } from "oidc-provider";
import MemoryAdapter from "oidc-provider/lib/adapters/memory_adapter.js";

const HOUR = 3600;
const KEYS = {
  RS256: ["rsa", { modulusLength: 2048 }],
  PS256: ["rsa", { modulusLength: 2048 }],
  ES256: ["ec", { namedCurve: "P-256" }],
  EdDSA: ["ed25519"],
};

export function newKey(alg) {
  const { privateKey } = generateKeyPairSync(...KEYS[alg]);
  return { ...privateKey.export({ format: "jwk" }), alg, use: "sig", kid: randomUUID() };
}

/** The first key of an algorithm signs; `memory` is a Map. */
export function openProvider(issuer, { keys, clients, accounts, resources }, memory) {
  return new Provider(issuer, {
    adapter: (model) => new MemoryAdapter(model, memory),
    claims: { openid: ["sub"], profile: ["name", "preferred_username", "locale"], email: ["email", "email_verified"] },
    clients,
    conformIdTokenClaims: false, // an ID token says all that was asked for, as with most providers
    cookies: { keys: ["nothing here is a secret"] },
    features: {
      backchannelLogout: { enabled: true },
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      introspection: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, resource) => resourceServer(resource, resources[resource]),
        useGrantedResource: () => true,
      },
      revocation: { enabled: true },
    },
    fetch: (url, { dispatcher, ...options }) => fetch(url, options), // its own dispatcher reaches no loopback
    findAccount: (_, sub) => findAccount(accounts, sub),
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    jwks: { keys },
    pkce: { required: () => true },
    renderError: (ctx, out) => {
      ctx.body = out; // as JSON
    },
    rotateRefreshToken: true,
    ttl: {
      AccessToken: HOUR,
      AuthorizationCode: 60,
      ClientCredentials: HOUR,
      Grant: 24 * HOUR,
      IdToken: HOUR,
      Interaction: HOUR,
      RefreshToken: 24 * HOUR,
      Session: 24 * HOUR,
    },
  });
}

function findAccount(accounts, sub) {
  const claims = accounts.find((account) => account.sub === sub);
  return claims && { accountId: sub, claims: () => claims };
}

/** RFC 8707: access tokens for a resource are JWTs by RFC 9068, or opaque where its `format` says so. */
function resourceServer(audience, known) {
  if (!known) throw new errors.InvalidTarget();
  const { scope, format = "jwt", alg = "RS256" } = known;
  return { scope, audience, accessTokenFormat: format, ...(format === "jwt" && { jwt: { sign: { alg } } }) };
}
