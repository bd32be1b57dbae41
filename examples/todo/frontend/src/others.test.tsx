/** Signing in with accounts elsewhere, over a server that is played by the test. */
import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen, waitFor } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { App } from "./App";
import { ApiError, call } from "./api/client";
import { dismissToast } from "./parts/toasts";
import { leave } from "./router";
import { createClient } from "./session";

vi.mock(import("./api/client"), async (actual) => ({ ...(await actual()), call: vi.fn() }));
vi.mock(import("./router"), async (actual) => ({ ...(await actual()), leave: vi.fn() }));

const ADA = { id: "a", email: "ada@example.com", username: null, full_name: "Ada", email_verified: true, created_at: "2026-11-01" };
const EXAMPLE = { name: "example", label: "Example ID" };
const OTHER = { name: "other", label: "Other ID" };
const LINKED = { id: "i", provider: "example", label: "Example ID", email: "ada@example.com", username: null, created_at: "2026-11-02" };
const client = createClient();
let routes: Record<string, () => unknown>;

beforeEach(() => {
  routes = {
    "GET /auth/me": () => refuse(401),
    "GET /auth/providers": () => [EXAMPLE, OTHER],
    "GET /auth/identities": () => ({ items: [LINKED] }),
    "GET /auth/sessions": () => ({ items: [], next: null }),
  };
  vi.mocked(call).mockImplementation(async ({ method = "GET", url = "" }) => {
    await Promise.resolve();
    const route = routes[`${method} ${url}`];
    return route ? route() : refuse(404);
  });
});

afterEach(() => {
  cleanup();
  client.clear();
  dismissToast();
  window.history.replaceState(null, "", "/");
});

function refuse(status: number, code = ""): never {
  throw new ApiError(status, { code });
}

function open(path: string, { isIn = false } = {}) {
  if (isIn) routes["GET /auth/me"] = () => ADA;
  window.history.replaceState(null, "", path);
  render(
    <QueryClientProvider client={client}>
      <App />
    </QueryClientProvider>,
  );
  return userEvent.setup();
}

test.each(["/sign-in", "/sign-up"])("%s offers each provider by a link that comes back", async (path) => {
  open(path);
  const link = await screen.findByRole<HTMLAnchorElement>("link", { name: "Continue with Example ID" });
  expect(link.getAttribute("href")).toBe("/auth/login/example?return_to=%2F&error_to=%2Fsign-in");
  expect(screen.getByRole("link", { name: "Continue with Other ID" })).toBeTruthy();
});

test.each([
  ["offers none", () => []],
  ["has no such route", () => refuse(404)],
  ["is silent", () => refuse(0)],
])("nothing of them is shown where the server %s", async (_, answer) => {
  routes["GET /auth/providers"] = answer;
  open("/sign-in");
  await screen.findByLabelText("Password");
  expect(screen.queryByText("or")).toBeNull();
  expect(screen.queryByRole("link", { name: /Continue with/ })).toBeNull();
});

test("what went wrong there is said once and leaves the address", async () => {
  open("/sign-in?error=social.link_required");
  expect((await screen.findByText(/This e-mail address has an account here/)).closest("[role=alert]")).toBeTruthy();
  expect(window.location.search).toBe("");
  cleanup();
  client.clear();
  open("/sign-in");
  await screen.findByLabelText("Password");
  expect(screen.queryByText(/has an account here/)).toBeNull();
});

test("an address cannot put words into the page's mouth", async () => {
  open("/sign-in?error=Your account is locked, call 555");
  await screen.findByText("Signing in with the other account did not work. Try again.");
  expect(screen.queryByText(/555/)).toBeNull();
});

test("an error that finds nobody signed in is said at the sign-in", async () => {
  open("/account?error=social.provider_unavailable");
  await screen.findByText(/The other site does not answer/);
  expect(window.location.pathname).toBe("/sign-in");
});

test("the account page lists what is linked and what could be, and leads to the provider", async () => {
  routes["POST /auth/identities/other"] = () => ({ location: "https://other.example/authorize" });
  const user = open("/account", { isIn: true });
  await screen.findByText(/ada@example.com · since November 2, 2026/);
  expect(screen.queryByRole("button", { name: "Link Example ID" })).toBeNull();
  await user.click(screen.getByRole("button", { name: "Link Other ID" }));
  await waitFor(() => {
    expect(leave).toHaveBeenCalledWith("https://other.example/authorize");
  });
});

test("a link that was made is said, and one that was not is not", async () => {
  open("/account?linked=example", { isIn: true });
  await screen.findByText("Example ID is linked.");
  expect(window.location.search).toBe("");
  cleanup();
  client.clear();
  dismissToast();
  open("/account?linked=other", { isIn: true });
  await screen.findByText(/since November 2/);
  expect(screen.queryByText(/is linked\.$/)).toBeNull();
});

test("a link that failed is said at the top of the account page", async () => {
  open("/account?error=social.identity_taken", { isIn: true });
  await screen.findByText("That account is linked with somebody else here.");
});

test("unlinking asks first, and keeps where one keeps it", async () => {
  const deleted = vi.fn();
  routes["DELETE /auth/identities/i"] = deleted;
  const user = open("/account", { isIn: true });
  const button = await screen.findByRole("button", { name: "Unlink Example ID" });
  await user.click(button);
  expect(document.activeElement).toBe(screen.getByRole("button", { name: "Keep it" }));
  await user.keyboard("{Enter}");
  expect(document.activeElement).toBe(screen.getByRole("button", { name: "Unlink Example ID" }));
  expect(deleted).not.toHaveBeenCalled();
});

test("what is unlinked can be linked again", async () => {
  routes["DELETE /auth/identities/i"] = () => {
    routes["GET /auth/identities"] = () => ({ items: [] });
  };
  const user = open("/account", { isIn: true });
  await user.click(await screen.findByRole("button", { name: "Unlink Example ID" }));
  await user.click(screen.getByRole("button", { name: "Unlink" }));
  await screen.findByText("Example ID is unlinked.");
  expect(await screen.findByRole("button", { name: "Link Example ID" })).toBeTruthy();
  expect(document.activeElement).toBe(screen.getByRole("heading", { name: "Linked accounts" }));
});

test.each([
  ["social.last_way_in", 409, /It is your only way in/],
  ["session.not_fresh", 403, /sign out and in again/],
])("a refusal by %s stands beside what was refused", async (code, status, said) => {
  routes["DELETE /auth/identities/i"] = () => refuse(status, code);
  const user = open("/account", { isIn: true });
  await user.click(await screen.findByRole("button", { name: "Unlink Example ID" }));
  await user.click(screen.getByRole("button", { name: "Unlink" }));
  expect((await screen.findByText(said)).closest("li")?.textContent).toMatch(/^Example ID/);
  expect(screen.getByRole("button", { name: "Unlink Example ID" })).toBeTruthy();
});

test("without providers and links the account page has no such section", async () => {
  routes["GET /auth/providers"] = () => [];
  routes["GET /auth/identities"] = () => ({ items: [] });
  open("/account", { isIn: true });
  await screen.findByText("Where you are signed in");
  expect(screen.queryByText("Linked accounts")).toBeNull();
});
