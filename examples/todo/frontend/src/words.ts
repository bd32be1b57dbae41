/** What went wrong, in words that say what to do next. Codes are the server's; nothing here guesses from its sentences. */
import { asApiError, type FieldError } from "./api/client";

const BY_CODE: Record<string, string> = {
  "login.failed": "That e-mail and password do not match.",
  "login.factor_required": "This account needs a second step that this app does not offer yet.",
  "signup.identifier_taken": "This e-mail address has an account already.",
  "session.not_fresh": "For your safety, sign out and in again before you change this.",
  "login.email_not_verified": "Confirm your address first: open the link that we mailed you.",
  "password.change_required": "A new password is needed. Choose one by “Forgot your password?”.",
  "proof.refused": "This link is not valid, or no longer. Ask for a new one.",
  "password.breached": "This password is known from a data leak. Choose another one.",
  "social.no_account": "Nobody here has this account yet. Create one first, then link the two on your account page.",
  "social.email_unverified": "That account has no confirmed e-mail address. Confirm it there, then try again.",
  "social.link_required": "This e-mail address has an account here. Sign in to it, then link the two on your account page.",
  "social.identity_taken": "That account is linked with somebody else here.",
  "social.last_way_in": "It is your only way in. Get yourself a password first.",
  "social.denied": "You were not signed in there: it was canceled, or it is not allowed.",
  "social.state_refused": "That took too long, or began in another browser. Try again.",
  "social.response_refused": "The answer of the other site cannot be trusted. Try again.",
  "social.provider_refused": "The other site did not accept this. Try again later.",
  "social.provider_disabled": "Signing in with this site is not offered any more.",
  "social.provider_unavailable": "The other site does not answer just now. Try again in a moment, or sign in another way.",
};

/** For an address; about a password there would be a lie. */
const OF_RETURNED: Record<string, string> = {
  ...BY_CODE,
  "login.failed": "This account cannot sign in.",
  "throttle.spent": "Too many attempts. Try again later.",
};

const BY_STATUS: Record<number, string> = {
  0: "The server cannot be reached. Check your connection and try again.",
  401: "Your session has ended. Sign in again to carry on.",
  403: "You are not allowed to do this.",
  404: "It is not there any more. It may have been deleted in another window.",
  422: "Something in the form is not right. Check it and try again.",
};

export function words(error: unknown): string {
  const { status, code, retryAfter, detail } = asApiError(error);
  if (status === 429) return `Too many attempts. Try again ${wait(retryAfter)}.`;
  if (status === 503 && !(code in BY_CODE)) return `The server is busy. Try again ${wait(retryAfter)}.`;
  if (status >= 500 && status !== 503) return "Something went wrong on our side. Try again in a moment.";
  return BY_CODE[code] ?? ((code && detail) || (BY_STATUS[status] ?? "That did not work. Try again."));
}

/** What an address says in `?error=`. Anybody can write one, so its own text is never shown. */
export function codeWords(code: string): string {
  const known = Object.hasOwn(OF_RETURNED, code) ? OF_RETURNED[code] : undefined;
  return known ?? "Signing in with the other account did not work. Try again.";
}

/** One sentence for each field of a form that the server refused; `password` and `new_password` speak alike. */
export function fieldWords(error: unknown): Record<string, string> {
  return Object.fromEntries(asApiError(error).fields.map((each) => [each.field, sentence(each)]));
}

function sentence({ field, type, message }: FieldError): string {
  if (field === "email") return "Enter an e-mail address, like ada@example.com.";
  if (field.endsWith("password") && type === "string_too_short") return "Use at least 8 characters.";
  if (type === "string_too_long") return "This is too long.";
  if (type === "string_too_short" || type === "missing") return "This cannot be empty.";
  const said = message.replace(/^Value error, /, "");
  const whole = /^(is|needs|must|has|may) /.test(said) ? `It ${said}` : said; // Gatepost's rules go on from the field's name
  return /[.!?]$/.test(whole) ? whole : `${whole.charAt(0).toUpperCase()}${whole.slice(1)}.`;
}

function wait(seconds: number | null): string {
  if (seconds === null) return "in a moment";
  if (seconds < 60) return seconds === 1 ? "in a second" : `in ${seconds} seconds`;
  const minutes = Math.ceil(seconds / 60);
  return minutes === 1 ? "in a minute" : `in ${minutes} minutes`;
}
