/**
 * The list on the screen before the server has answered. Every change is a step from one state of one todo to another,
 * so taking it back is the same step reversed: a failure undoes its own change and nobody else's.
 */
import type { InfiniteData, QueryClient } from "@tanstack/react-query";
import type { Counts, Todo, TodoPage, View } from "../api/todos";

export type TodoPages = InfiniteData<TodoPage, string | null>;
export const TODOS = "todos";

/** Take `before` off every list that is held and put `after` on those it belongs to; null stands for "is not there". */
export function step(client: QueryClient, before: Todo | null, after: Todo | null): void {
  for (const [key, data] of client.getQueriesData<TodoPages>({ queryKey: [TODOS] })) {
    if (data) client.setQueryData(key, stepped(data, key[1] as View, before, after));
  }
}

export function stepped(data: TodoPages, view: View, before: Todo | null, after: Todo | null): TodoPages {
  const pages = data.pages.map((page) => ({
    ...page,
    items: page.items.filter((todo) => todo.id !== before?.id && todo.id !== after?.id),
    counts: recount(page.counts, view, before, after),
  }));
  if (after && isShown(view, after)) {
    // Newest first. A todo older than all that is loaded comes with its own page later.
    const page = pages.find(({ items, next }) => next === null || items.some((todo) => todo.id < after.id));
    page?.items.splice(place(page.items, after), 0, after);
  }
  return { ...data, pages };
}

function place(items: Todo[], todo: Todo): number {
  const older = items.findIndex((each) => each.id < todo.id);
  return older === -1 ? items.length : older;
}

function recount(counts: Counts, { q }: View, before: Todo | null, after: Todo | null): Counts {
  const changed = { ...counts };
  if (before && isFound(q, before)) changed[before.done ? "done" : "open"] -= 1;
  if (after && isFound(q, after)) changed[after.done ? "done" : "open"] += 1;
  return changed;
}

const isFound = (q: string, { title }: Todo) => title.toLowerCase().includes(q.toLowerCase());

const isShown = ({ show, q }: View, todo: Todo) => (show === "all" || (show === "done") === todo.done) && isFound(q, todo);
