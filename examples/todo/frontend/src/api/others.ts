/** Signing in with an account at another site: Gatepost's routes for it. */
import { call } from "./client";

export type Provider = { name: string; label: string };

export type Identity = {
  id: string;
  provider: string | null;
  label: string;
  email: string | null;
  username: string | null;
  created_at: string;
};

/** Short patience: where it does not answer, the page goes without. */
export const fetchProviders = () => call<Provider[]>({ url: "/auth/providers", timeout: 3_000 });

/** Where a browser goes to sign in there; it comes back to the list, or to sign-in with `?error=`. */
export const loginAddress = (provider: string) =>
  `/auth/login/${encodeURIComponent(provider)}?${new URLSearchParams({ return_to: "/", error_to: "/sign-in" }).toString()}`;

export const fetchIdentities = () => call<{ items: Identity[] }>({ url: "/auth/identities" });

/** Where the browser goes to prove the account there; it comes back to the account page. */
export const beginLink = (provider: string) =>
  call<{ location: string }>({
    method: "POST",
    url: `/auth/identities/${encodeURIComponent(provider)}`,
    data: { return_to: `/account?${new URLSearchParams({ linked: provider }).toString()}`, error_to: "/account" },
  });

export const unlink = (id: string) => call<unknown>({ method: "DELETE", url: `/auth/identities/${encodeURIComponent(id)}` });
