// Takes the token out of the fragment, and posts it when a person presses the button: never by itself, since scanners
// of mail open links and run scripts. Field names are not in the HTML: without this script nothing is sent at all.
"use strict";

const TOKEN = /^[A-Za-z0-9_-]{16,200}$/;
const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
history.replaceState(null, "", location.pathname);
// A second link, opened in the same tab, changes the fragment alone.
addEventListener("hashchange", () => location.reload());

const form = document.querySelector("form");
const button = form.querySelector("button");
const fields = [...form.querySelectorAll("[data-member]")];
const outcome = document.getElementById("outcome");

function say(text, kind) {
  outcome.textContent = text;
  outcome.dataset.kind = kind;
}

function mark(wrong) {
  for (const field of fields) field.setAttribute("aria-invalid", String(field === wrong));
}

function finish(text, kind) {
  form.hidden = true;
  say(text, kind);
  document.getElementById("home").hidden = kind !== "done";
  outcome.focus();
}

function again(text, field) {
  say(text, "again");
  mark(field);
  (field ?? button).focus();
}

// Which field a refusal is about, and what is to be said of it.
function wrongField(problem) {
  const error = problem.errors?.[0];
  const field = fields.find((one) => error?.loc?.includes(one.dataset.member));
  return field && { field, text: `${field.labels[0].textContent}: ${error.msg}.`.replace("..", ".") };
}

async function read(answer) {
  try {
    return await answer.json();
  } catch {
    return {};
  }
}

async function post() {
  const typed = Object.fromEntries(fields.map((field) => [field.dataset.member, field.value]));
  let answer;
  try {
    answer = await fetch(form.dataset.endpoint, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token, ...typed }),
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
  const problem = await read(answer);
  const wrong = answer.status === 422 && wrongField(problem);
  const text = problem.detail ?? "Something went wrong. Try again in a moment.";
  if (wrong) again(wrong.text, wrong.field);
  else if (answer.status === 422 || answer.status === 429 || answer.status >= 500) again(text);
  else finish(text, "failed");
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (button.disabled) return;
  const empty = fields.find((field) => !field.value);
  if (empty) {
    again(`${empty.labels[0].textContent} is missing.`, empty);
    return;
  }
  button.disabled = true;
  mark();
  say("One moment …", "busy");
  try {
    await post();
  } finally {
    button.disabled = false;
  }
});

document.getElementById("show")?.addEventListener("change", (event) => {
  document.getElementById("password").type = event.target.checked ? "text" : "password";
});

if (TOKEN.test(token)) {
  form.hidden = false;
  (fields[0] ?? button).focus();
} else {
  finish("This page opens from the link in a mail. Open that link again.", "failed");
}
