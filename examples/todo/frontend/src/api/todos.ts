/** The app's own routes. */
import { call } from "./client";

export type Todo = { id: number; title: string; done: boolean; created_at: string };
export type Show = "all" | "open" | "done";
export type View = { show: Show; q: string };
export type Counts = { open: number; done: number };
export type TodoPage = { items: Todo[]; next: string | null; counts: Counts };

export const TITLE_MAX = 200;

export const listTodos = ({ show, q }: View, cursor: string | null, signal: AbortSignal) =>
  call<TodoPage>({
    url: "/todos",
    params: { limit: 50, q: q || undefined, cursor: cursor ?? undefined, done: show === "all" ? undefined : show === "done" },
    signal,
  });

export const addTodo = (data: { title: string; done?: boolean }) => call<Todo>({ method: "POST", url: "/todos", data });

export const changeTodo = (id: number, data: { title?: string; done?: boolean }) =>
  call<Todo>({ method: "PATCH", url: `/todos/${id}`, data });

export const deleteTodo = (id: number) => call<unknown>({ method: "DELETE", url: `/todos/${id}` });
