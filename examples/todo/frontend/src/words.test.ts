import { AxiosError, AxiosHeaders, type AxiosResponse } from "axios";
import { expect, test } from "vitest";
import { asApiError } from "./api/client";
import { codeWords, fieldWords, words } from "./words";

function answer(status: number, data: unknown, headers: Record<string, string> = {}): AxiosError {
  const config = { headers: new AxiosHeaders() };
  const response: AxiosResponse = { status, data, headers, statusText: "", config };
  return new AxiosError("refused", "ERR_BAD_REQUEST", config, {}, response);
}

test.each([
  ["a wrong password", answer(401, { code: "login.failed", detail: "x" }), "That e-mail and password do not match."],
  ["an address in use", answer(409, { code: "signup.identifier_taken" }), "This e-mail address has an account already."],
  ["a spent budget", answer(429, { code: "throttle.spent" }, { "retry-after": "61" }), "Too many attempts. Try again in 2 minutes."],
  ["a budget without a time", answer(429, {}), "Too many attempts. Try again in a moment."],
  ["a full queue", answer(503, { code: "login.busy" }, { "retry-after": "1" }), "The server is busy. Try again in a second."],
  ["a provider that is away", answer(503, { code: "social.provider_unavailable" }), "The other site does not answer just now. Try again in a moment, or sign in another way."],
  ["a broken server", answer(500, "<html>"), "Something went wrong on our side. Try again in a moment."],
  ["a code that is new here", answer(409, { code: "host.refused", detail: "Not today." }), "Not today."],
  ["a guard's 401", answer(401, { detail: "Not authenticated" }), "Your session has ended. Sign in again to carry on."],
  ["a foreign todo", answer(404, { detail: "No such todo." }), "It is not there any more. It may have been deleted in another window."],
  ["no answer", new AxiosError("Network Error", "ERR_NETWORK"), "The server cannot be reached. Check your connection and try again."],
])("%s is said in words", (_, error, expected) => {
  expect(words(error)).toBe(expected);
});

test("fields are named by Gatepost's errors and by FastAPI's detail alike", () => {
  const tooShort = { loc: ["body", "password"], msg: "String should have at least 8 characters", type: "string_too_short" };
  expect(fieldWords(answer(422, { code: "request.invalid", errors: [tooShort] }))).toEqual({
    password: "Use at least 8 characters.",
  });
  const email = { loc: ["body", "email"], msg: "value is not a valid email address", type: "value_error" };
  expect(fieldWords(answer(422, { detail: [email] }))).toEqual({ email: "Enter an e-mail address, like ada@example.com." });
});

test("a reason that goes on from the field's name becomes a sentence", () => {
  const common = { loc: ["body", "new_password"], msg: "is one of the passwords that are tried first", type: "password.common" };
  expect(fieldWords(answer(422, { code: "password.common", errors: [common] }))).toEqual({
    new_password: "It is one of the passwords that are tried first.",
  });
});

test("a reason that is a sentence already is left as one", () => {
  const weak = { loc: ["body", "password"], msg: "it is easy to guess: use several words", type: "password.weak" };
  expect(fieldWords(answer(422, { code: "password.weak", errors: [weak] }))).toEqual({
    password: "It is easy to guess: use several words.",
  });
});

test("a rule that the server says in one sentence belongs to its field", () => {
  const refused = answer(422, { code: "request.invalid", detail: "new_password: is the current one" });
  expect(fieldWords(refused)).toEqual({ new_password: "It is the current one." });
});

test("a body of another shape than expected is an error without a code, not a crash", () => {
  for (const body of [null, "", [], { errors: "no", detail: { a: 1 } }, { errors: [null, 3, { loc: 4 }] }]) {
    expect(asApiError(answer(422, body)).code).toBe("");
  }
});

test("a code in an address is said in our words, and its own are never shown", () => {
  expect(codeWords("social.identity_taken")).toBe("That account is linked with somebody else here.");
  for (const code of ["call +1 555 0100", "constructor", "__proto__"]) {
    expect(codeWords(code)).toBe("Signing in with the other account did not work. Try again.");
  }
});
