/**
 * Who is signed in, as `/auth/me` says it. A 401 anywhere is only a question: it makes the app ask `/auth/me` again, and
 * that answer decides. Other tabs of this browser are told of every change.
 */
import { MutationCache, notifyManager, QueryCache, QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { ApiError, asApiError } from "./api/client";
import { fetchMe, login, logout, type User } from "./api/auth";
import { dropDrafts } from "./drafts";
import { PROVIDERS } from "./providers";

export type Me =
  | { user: User }
  | { user: null; why: "new" | "left" | "ended"; email: string };

const ME = ["me"];
const EVERYBODYS = new Set<unknown>([ME[0], PROVIDERS[0]]);
const tabs = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("session");

export function createClient(): QueryClient {
  notifyManager.setScheduler(queueMicrotask); // before the next frame, or a ticked box would flicker
  const onError = (error: unknown) => {
    if (asApiError(error).status === 401) void client.invalidateQueries({ queryKey: ME });
  };
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      // "always": offline is an error to be shown, not a reason to wait in silence.
      queries: { networkMode: "always", staleTime: 10_000, retry: (count, error) => count < 2 && isPassing(error) },
      mutations: { networkMode: "always" },
    },
  });
  tabs?.addEventListener("message", () => void client.invalidateQueries({ queryKey: ME }));
  return client;
}

export function useMe() {
  const client = useQueryClient();
  return useQuery({
    queryKey: ME,
    queryFn: async (): Promise<Me> => {
      const before = client.getQueryData<Me>(ME);
      const user = await fetchMe();
      if (before && before.user?.id !== user?.id) forgetTheirs(client);
      if (user) return { user };
      if (!before) return { user: null, why: "new", email: "" };
      return before.user ? { user: null, why: "ended", email: before.user.email ?? "" } : before;
    },
    staleTime: 0,
    refetchOnWindowFocus: "always",
  });
}

export async function signIn(client: QueryClient, identifier: string, password: string): Promise<void> {
  const user = await login({ identifier, password });
  await client.cancelQueries({ queryKey: ME }); // an older answer must not overwrite this one
  forgetTheirs(client);
  client.setQueryData<Me>(ME, { user });
  tabs?.postMessage("in");
}

/** Something about the account has changed outside of this page's own calls. */
export async function askAgain(client: QueryClient): Promise<void> {
  await client.invalidateQueries({ queryKey: ME });
  tabs?.postMessage("in");
}

export async function signOut(client: QueryClient): Promise<void> {
  try {
    await logout();
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
  }
  await client.cancelQueries({ queryKey: ME });
  const left: Me = { user: null, why: "left", email: "" };
  client.setQueryData(ME, left);
  forgetTheirs(client);
  dropDrafts();
  tabs?.postMessage("out");
}

function forgetTheirs(client: QueryClient): void {
  client.removeQueries({ predicate: (query) => !EVERYBODYS.has(query.queryKey[0]) });
}

/** Whether trying again by itself may help. */
function isPassing(error: unknown): boolean {
  const { status } = asApiError(error);
  return status === 0 || status === 503;
}
