/** Reading and changing the list: each change shows at once and is taken back, with words, where the server refuses it. */
import { keepPreviousData, useInfiniteQuery, useMutation, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { addTodo, changeTodo, deleteTodo, listTodos, type Todo, type View } from "../api/todos";
import { showToast, type ToastAction } from "../parts/toasts";
import { asApiError } from "../api/client";
import { words } from "../words";
import { step, TODOS } from "./cache";

export function useTodos(view: View) {
  return useInfiniteQuery({
    queryKey: [TODOS, view],
    queryFn: ({ pageParam, signal }) => listTodos(view, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
  });
}

// Above every id of the server, so that what was just added stands first; told apart by `isUnsaved`.
const UNSAVED = 2 ** 40;
let unsaved = UNSAVED;
export const isUnsaved = (todo: Todo) => todo.id >= UNSAVED;

/** `putBack` returns the text to where it was typed and says whether there was room for it. */
export function useAdd(putBack: (title: string) => boolean) {
  const client = useQueryClient();
  const add = useMutation({
    mutationKey: [TODOS],
    mutationFn: addTodo,
    onMutate: async ({ title, done = false }) => {
      const guess: Todo = { id: (unsaved += 1), title, done, created_at: new Date().toISOString() };
      await begin(client, null, guess);
      return guess;
    },
    onSuccess: (saved, _, guess) => {
      step(client, guess, saved);
    },
    onError: (error, todo, guess) => {
      if (guess) step(client, guess, null);
      const again = () => {
        add.mutate(todo);
      };
      report(todo.title, "added", error, putBack(todo.title) ? undefined : { label: "Try again", run: again });
    },
    onSettled: () => settle(client),
  });
  return add;
}

export function useChange(todo: Todo, onRefused: (tried: { title?: string }) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationKey: [TODOS],
    scope: { id: `todo ${todo.id}` }, // two clicks on one todo reach the server in their order
    mutationFn: ({ change }: { before: Todo; change: { title?: string; done?: boolean } }) => changeTodo(todo.id, change),
    onMutate: async ({ before, change }) => {
      const guess = { ...before, ...change };
      await begin(client, before, guess);
      return guess;
    },
    onError: (error, { before, change }, guess) => {
      if (guess) step(client, guess, before);
      onRefused(change);
      report(before.title, "changed", error);
    },
    onSettled: () => settle(client),
  });
}

export function useDelete(onUndo: (todo: Todo) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationKey: [TODOS],
    mutationFn: (todo: Todo) => deleteTodo(todo.id),
    onMutate: (todo) => begin(client, todo, null),
    onSuccess: (_, todo) => {
      const undo = () => {
        onUndo(todo);
      };
      showToast({ tone: "plain", text: `“${short(todo.title)}” deleted.`, action: { label: "Undo", run: undo } });
    },
    onError: (error, todo) => {
      step(client, null, todo);
      report(todo.title, "deleted", error);
    },
    onSettled: () => settle(client),
  });
}

async function begin(client: QueryClient, before: Todo | null, after: Todo | null): Promise<void> {
  step(client, before, after);
  await client.cancelQueries({ queryKey: [TODOS] }); // an answer from before this change must not overwrite it
}

async function settle(client: QueryClient): Promise<void> {
  // Only the last one to finish reads the list again; this mutation still counts itself.
  if (client.isMutating({ mutationKey: [TODOS] }) === 1) await client.invalidateQueries({ queryKey: [TODOS] });
}

function report(title: string, verb: string, error: unknown, action?: ToastAction): void {
  if (asApiError(error).status === 401) return; // the sign-in page will say it
  showToast({ tone: "error", text: `“${short(title)}” was not ${verb}. ${words(error)}`, action });
}

const short = (title: string) => (title.length > 40 ? `${title.slice(0, 39)}…` : title);
