/** With whom one can sign in here, and what went wrong with one of them. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { fetchProviders, type Provider } from "./api/others";

export const PROVIDERS = ["providers"];

/** Undefined while nobody knows; none where the server offers none, or does not answer. */
export function useProviders(): Provider[] | undefined {
  // No answer is data too: an error would be pending again with each look at it.
  return useQuery({ queryKey: PROVIDERS, queryFn: () => fetchProviders().catch((): Provider[] => []) }).data;
}

/** What a provider's callback brought along, once: it leaves the address bar, so that a reload is a fresh start. */
export function useReturned(name: "error" | "linked"): string {
  const [value] = useState(() => new URLSearchParams(window.location.search).get(name) ?? "");
  useEffect(() => {
    if (value !== "") window.history.replaceState(null, "", window.location.pathname);
  }, [value]);
  return value;
}
