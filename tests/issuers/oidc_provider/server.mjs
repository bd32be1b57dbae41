// A certified OpenID provider for the tests: `node server.mjs PORT` in the folder of its state.
//
// `state.json` holds keys, clients, accounts and resources, and survives a restart; sessions, codes and tokens live in
// memory. Whoever reaches the port may do everything (`/control/…`): it listens on loopback only.
// At its start oidc-provider says that it is supported from Node 22 on; what it calls is in 20.20 too.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import { interact } from "./interaction.mjs";
import { newKey, openProvider } from "./provider.mjs";

const EMPTY = { clients: [], accounts: [], resources: {} };
const port = Number(process.argv[2]);
const issuer = `http://localhost:${port}`;
const memory = new Map(); // all that oidc-provider remembers, so that a new provider carries on where the old one was
let counts = {}; // requests by method and path
let state;
let provider;

/** Serve something else from now on. */
function change(changes) {
  state = { ...state, ...changes };
  provider = openProvider(issuer, state, memory);
  writeFileSync("state.json", JSON.stringify(state), { mode: 0o600 });
}

/** A new key signs from now on; the old ones of its algorithm stay in the JWKS, or not. */
function rotate({ alg = "RS256", keep = true }) {
  const key = newKey(alg);
  change({ keys: [key, ...state.keys.filter((old) => keep || old.alg !== alg)] });
  return { kid: key.kid };
}

/** End each session of somebody, as if they had signed out here, and tell the clients that want to know. */
async function endSessions({ sub }) {
  const told = [];
  for (const [key, session] of memory) {
    if (!key.startsWith("Session:") || session.accountId !== sub) continue;
    for (const [clientId, { sid }] of Object.entries(session.authorizations ?? {})) {
      const client = await provider.Client.find(clientId);
      if (client?.backchannelLogoutUri) told.push(client.backchannelLogout(sub, sid).then(() => "told", String));
    }
    memory.delete(key);
  }
  return Promise.all(told);
}

function reset() {
  memory.clear();
  counts = {};
  change(EMPTY);
}

const CONTROLS = {
  "POST /control/change": change,
  "POST /control/rotate": rotate,
  "POST /control/end-sessions": endSessions,
  "POST /control/reset": reset,
  "POST /control/counts": () => counts,
};

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, issuer);
  const name = `${request.method} ${pathname}`;
  counts[name] = (counts[name] ?? 0) + 1;
  try {
    if (CONTROLS[name]) {
      const answer = await CONTROLS[name](await json(request));
      response.setHeader("content-type", "application/json").end(JSON.stringify(answer ?? null));
    } else if (pathname.startsWith("/interaction/")) await interact(provider, state, request, response);
    else await provider.callback()(request, response);
  } catch (error) {
    console.error(error);
    response.writeHead(error.statusCode ?? 500).end(String(error));
  }
});

change(existsSync("state.json") ? JSON.parse(readFileSync("state.json", "utf8")) : { ...EMPTY, keys: ["RS256", "ES256"].map(newKey) });
writeFileSync("pid", String(process.pid));
server.listen(port, "127.0.0.1");
