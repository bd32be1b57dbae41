/** The whole app over a server that is played by the test: what a person sees when things go wrong. */
import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { App } from "./App";
import { ApiError, call } from "./api/client";
import type { Todo } from "./api/todos";
import { dropDrafts } from "./drafts";
import { dismissToast } from "./parts/toasts";
import { createClient } from "./session";

vi.mock(import("./api/client"), async (actual) => ({ ...(await actual()), call: vi.fn() }));

const ADA = { id: "a", email: "ada@example.com", username: null, full_name: "Ada", email_verified: false, created_at: "2026-11-01" };
type Server = { user: typeof ADA | null; todos: Todo[]; refuse: ApiError | null; list: Promise<void> };
const server: Server = { user: null, todos: [], refuse: null, list: Promise.resolve() };
const never = new Promise<never>(() => undefined);

const routes: Record<string, (data: { title?: string; done?: boolean }) => unknown> = {
  "GET /auth/me": () => server.user ?? fail(401),
  "POST /auth/login": () => (server.user = ADA),
  "POST /auth/logout": () => (server.user = null),
  "GET /todos": () =>
    server.list.then(() => ({
      items: server.todos,
      next: null,
      counts: { open: server.todos.filter((each) => !each.done).length, done: server.todos.filter((each) => each.done).length },
    })),
  "POST /todos": ({ title = "" }) => {
    const made = { id: server.todos.length + 1, title, done: false, created_at: "2026-11-01" };
    server.todos = [made, ...server.todos];
    return made;
  },
  "PATCH /todos/1": (change) => {
    server.todos = server.todos.map((each) => (each.id === 1 ? { ...each, ...change } : each));
    return server.todos[0];
  },
};

function fail(status: number): never {
  throw new ApiError(status);
}

beforeEach(() => {
  Object.assign(server, { user: ADA, todos: [{ id: 1, title: "Milk", done: false, created_at: "2026-11-01" }] });
  Object.assign(server, { refuse: null, list: Promise.resolve() });
  vi.mocked(call).mockImplementation(async ({ method = "GET", url = "", data }) => {
    await Promise.resolve();
    if (url.startsWith("/todos") && !server.user) fail(401);
    if (method !== "GET" && url.startsWith("/todos") && server.refuse) throw server.refuse;
    const route = routes[`${method} ${url}`];
    if (!route) throw new Error(`the test has no ${method} ${url}`);
    return (await route((data ?? {}) as { title?: string }));
  });
});

afterEach(() => {
  cleanup();
  dropDrafts();
  dismissToast();
  window.history.replaceState(null, "", "/");
});

function open() {
  render(
    <QueryClientProvider client={createClient()}>
      <App />
    </QueryClientProvider>,
  );
  return userEvent.setup();
}

const input = () => screen.findByLabelText<HTMLInputElement>("What needs doing?");

test("a todo that the server refuses leaves the list and its text comes back", async () => {
  const user = open();
  await screen.findByText("Milk");
  server.refuse = new ApiError(500);
  server.list = never; // the list is not read again: what is seen is the way back, not a fresh start
  await user.type(await input(), "Bread{Enter}");
  const alert = await screen.findByRole("alert");
  await within(alert).findByText(/“Bread” was not added/);
  expect(screen.queryByText("Bread")).toBeNull();
  expect((await input()).value).toBe("Bread");
});

test("a tick that the server refuses is taken back", async () => {
  const user = open();
  const box = await screen.findByRole<HTMLInputElement>("checkbox");
  server.refuse = new ApiError(0);
  server.list = never;
  await user.click(box);
  await screen.findByText(/“Milk” was not changed. The server cannot be reached/);
  await waitFor(() => {
    expect(screen.getByRole<HTMLInputElement>("checkbox").checked).toBe(false);
  });
});

test("a tick shows before the server has answered", async () => {
  const user = open();
  const box = await screen.findByRole<HTMLInputElement>("checkbox");
  vi.mocked(call).mockImplementation(() => never);
  await user.click(box);
  expect(screen.getByRole<HTMLInputElement>("checkbox").checked).toBe(true);
  expect(screen.getByText("Everything is done")).toBeTruthy();
});

test("a session that ends in the middle leads to sign-in, says so, and keeps what was typed", async () => {
  const user = open();
  await user.type(await input(), "Bread");
  server.user = null;
  await user.keyboard("{Enter}");
  await screen.findByText(/Your session has ended/);
  expect(window.location.pathname).toBe("/sign-in");
  expect(screen.getByLabelText<HTMLInputElement>("E-mail").value).toBe(ADA.email);

  await user.type(screen.getByLabelText("Password"), "correct horse{Enter}");
  expect((await input()).value).toBe("Bread");
  expect(screen.queryByText("Bread")).toBeNull();
});

test("an edit that the ended session refused is still open after signing in again", async () => {
  const user = open();
  await user.click(await screen.findByRole("button", { name: "Edit “Milk”" }));
  server.user = null;
  await user.keyboard("Oat milk{Enter}");
  await screen.findByText(/Your session has ended/);
  await user.type(screen.getByLabelText("Password"), "correct horse{Enter}");
  expect((await screen.findByLabelText<HTMLInputElement>("Title of “Milk”")).value).toBe("Oat milk");
});

test("another user on the same tab sees neither the list nor the drafts of the one before", async () => {
  const user = open();
  await user.type(await input(), "secret");
  server.user = null;
  await user.click(screen.getByRole("checkbox"));
  await screen.findByText(/Your session has ended/);
  server.todos = [];
  routes["POST /auth/login"] = () => (server.user = { ...ADA, id: "b", full_name: "Grace" });
  await user.type(screen.getByLabelText("Password"), "hers{Enter}");
  expect((await input()).value).toBe("");
  expect(screen.queryByText("Milk")).toBeNull();
  routes["POST /auth/login"] = () => (server.user = ADA);
});

test("signing out says so and asks for no session again", async () => {
  const user = open();
  await user.click(await screen.findByRole("button", { name: "Sign out" }));
  await screen.findByText("You are signed out.");
  expect(window.location.pathname).toBe("/sign-in");
});

test("a sign-out that does not reach the server leaves nobody in the belief of being out", async () => {
  const user = open();
  await screen.findByText("Milk");
  routes["POST /auth/logout"] = () => fail(0);
  await user.click(screen.getByRole("button", { name: "Sign out" }));
  await screen.findByText(/You are still signed in/);
  expect(screen.getByText("Milk")).toBeTruthy();
  routes["POST /auth/logout"] = () => (server.user = null);
});

test("the link of the console makes the first administrator, once, and its token leaves the address", async () => {
  server.user = null;
  window.history.replaceState(null, "", "/setup#token=the-token");
  const sent: unknown[] = [];
  routes["POST /auth/setup"] = (data) => {
    if (sent.push(data) > 1) fail(404);
  };
  const user = open();
  const email = await screen.findByLabelText("E-mail");
  expect(document.activeElement).toBe(email);
  expect(window.location.hash).toBe("");
  await user.type(email, "root@example.com");
  await user.tab();
  await user.keyboard("correct horse battery{Enter}");
  await screen.findByText("The administrator is made.");
  expect(sent).toEqual([{ token: "the-token", email: "root@example.com", password: "correct horse battery" }]);
  cleanup();
  window.history.replaceState(null, "", "/setup#token=the-token");
  open();
  await user.type(await screen.findByLabelText("E-mail"), "other@example.com");
  await user.type(screen.getByLabelText("Password"), "correct horse battery{Enter}");
  await screen.findByText("This server has its administrator already.");
});
