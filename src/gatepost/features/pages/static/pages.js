// Takes the token out of the fragment, and posts it when a person presses the button: never by itself, since scanners
// of mail open links and run scripts. Field names are not in the HTML: without this script nothing is sent at all.
"use strict";

const TOKEN = /^gpp_[A-Za-z0-9_-]{20,100}$/;
const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
history.replaceState(null, "", location.pathname);
// A second link, opened in the same tab, changes the fragment alone.
addEventListener("hashchange", () => location.reload());

const form = document.querySelector("form");
const button = form.querySelector("button");
const password = document.getElementById("password");
const outcome = document.getElementById("outcome");

function say(text, kind) {
  outcome.textContent = text;
  outcome.dataset.kind = kind;
  password?.setAttribute("aria-invalid", String(kind === "again"));
}

function finish(text, kind) {
  form.hidden = true;
  say(text, kind);
  document.getElementById("home").hidden = kind !== "done";
  outcome.focus();
}

function again(text) {
  say(text, "again");
  (password ?? button).focus();
}

async function problemOf(answer) {
  try {
    const problem = await answer.json();
    const reason = answer.status === 422 && problem.errors?.[0]?.msg;
    return reason ? `The password ${reason}.` : problem.detail;
  } catch {
    return undefined;
  }
}

async function post() {
  const body = password ? { token, new_password: password.value } : { token };
  let answer;
  try {
    answer = await fetch(form.dataset.endpoint, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      cache: "no-store",
      redirect: "error",
    });
  } catch {
    again("The server cannot be reached. Try again in a moment.");
    return;
  }
  if (answer.ok) {
    finish(form.dataset.done, "done");
    return;
  }
  const text = (await problemOf(answer)) ?? "Something went wrong. Try again in a moment.";
  if (answer.status === 422 || answer.status === 429 || answer.status >= 500) again(text);
  else finish(text, "failed");
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (button.disabled) return;
  if (password && !password.value) {
    again("Type a new password first.");
    return;
  }
  button.disabled = true;
  say("One moment …", "busy");
  try {
    await post();
  } finally {
    button.disabled = false;
  }
});

document.getElementById("show")?.addEventListener("change", (event) => {
  password.type = event.target.checked ? "text" : "password";
});

if (TOKEN.test(token)) {
  form.hidden = false;
  (password ?? button).focus();
} else {
  finish("This page opens from the link in a mail. Open that link again.", "failed");
}
