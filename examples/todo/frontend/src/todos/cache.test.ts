import { describe, expect, test } from "vitest";
import type { Todo, View } from "../api/todos";
import { stepped, type TodoPages } from "./cache";

const todo = (id: number, done = false): Todo => ({ id, title: `todo ${id}`, done, created_at: "2026-11-01T00:00:00Z" });
const ALL: View = { show: "all", q: "" };

const held = (...todos: Todo[]): TodoPages => ({
  pageParams: [null],
  pages: [
    {
      items: todos,
      next: null,
      counts: { open: todos.filter((each) => !each.done).length, done: todos.filter((each) => each.done).length },
    },
  ],
});
const ids = (data: TodoPages) => data.pages.map((page) => page.items.map((each) => each.id));

describe("a step and its reverse", () => {
  const start = held(todo(3), todo(2, true), todo(1));
  const steps: [string, Todo | null, Todo | null][] = [
    ["adding", null, todo(9)],
    ["ticking", todo(3), todo(3, true)],
    ["renaming", todo(1), { ...todo(1), title: "other" }],
    ["deleting", todo(2, true), null],
  ];
  test.each(steps)("%s leaves nothing behind when it is taken back", (_, before, after) => {
    const there = stepped(start, ALL, before, after);
    expect(there).not.toEqual(start);
    expect(stepped(there, ALL, after, before)).toEqual(start);
  });

  test("taking one back keeps another that was made meanwhile", () => {
    const both = stepped(stepped(start, ALL, todo(3), todo(3, true)), ALL, todo(1), null);
    const back = stepped(both, ALL, todo(3, true), todo(3));
    expect(ids(back)).toEqual([[3, 2]]);
    expect(back.pages[0]?.counts).toEqual({ open: 1, done: 1 });
  });
});

test("a ticked todo leaves the view of open ones and its counts follow", () => {
  const after = stepped(held(todo(2), todo(1)), { show: "open", q: "" }, todo(2), todo(2, true));
  expect(ids(after)).toEqual([[1]]);
  expect(after.pages[0]?.counts).toEqual({ open: 1, done: 1 });
});

test("a view of a search takes only what matches, whatever the case", () => {
  const view: View = { show: "all", q: "MILK" };
  const milk = { ...todo(5), title: "Oat milk" };
  expect(ids(stepped(held(), view, null, milk))).toEqual([[5]]);
  expect(ids(stepped(held(), view, null, todo(6)))).toEqual([[]]);
});

test("a todo comes back to the page that it was on, and not before its page is loaded", () => {
  const two: TodoPages = {
    pageParams: [null, "a"],
    pages: [
      { items: [todo(9), todo(8)], next: "a", counts: { open: 4, done: 0 } },
      { items: [todo(6), todo(5)], next: "b", counts: { open: 4, done: 0 } },
    ],
  };
  expect(ids(stepped(two, ALL, null, todo(7)))).toEqual([
    [9, 8],
    [7, 6, 5],
  ]);
  expect(ids(stepped(two, ALL, null, todo(1)))).toEqual([
    [9, 8],
    [6, 5],
  ]);
});
