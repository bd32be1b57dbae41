// Sign-in and consent as one page: `account` is who, and Continue agrees to all that the client asks for.

import { text } from "node:stream/consumers";

export async function interact(provider, state, request, response) {
  const { params, session } = await provider.interactionDetails(request, response);
  if (request.method !== "POST") return show(response, 200, params, session?.accountId);
  const form = new URLSearchParams(await text(request));
  if (form.has("cancel")) return provider.interactionFinished(request, response, { error: "access_denied" });
  const accountId = form.get("account");
  if (!state.accounts.some(({ sub }) => sub === accountId)) return show(response, 422, params, accountId, "Nobody has this name.");
  const grant = new provider.Grant({ accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  for (const resource of [params.resource ?? []].flat()) grant.addResourceScope(resource, state.resources[resource].scope);
  const result = { login: { accountId }, consent: { grantId: await grant.save() } };
  return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

function show(response, status, { client_id: client, login_hint: hint }, account, wrong = "") {
  response.writeHead(status, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" }).end(`<!doctype html>
<html lang="en">
<meta name="viewport" content="width=device-width">
<title>Example ID</title>
<style>
  :root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
  body { max-width: 20rem; margin: 4rem auto; padding: 0 1rem }
  input, button { font: inherit; padding: 0.5rem; margin: 0.25rem 0 }
  input { box-sizing: border-box; width: 100% }
</style>
<h1>Example ID</h1>
<p>${escaped(client)} asks who you are.</p>
<form method="post">
  <label>Account <input name="account" value="${escaped(account ?? hint ?? "")}" autocomplete="off" autofocus></label>
  <p role="alert">${wrong}</p>
  <button>Continue</button> <button name="cancel" value="yes">Cancel</button>
</form>
</html>`);
}

const escaped = (value) => value.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
