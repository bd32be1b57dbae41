/** The one short message at the foot of the page; the newest replaces the one before. */
import { useSyncExternalStore } from "react";

export type ToastAction = { label: string; run: () => void };
export type ToastMessage = { tone: "plain" | "error"; text: string; action?: ToastAction | undefined };

let current: ToastMessage | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();

function set(message: ToastMessage | null): void {
  clearTimeout(timer);
  current = message;
  listeners.forEach((listener) => {
    listener();
  });
}

export function showToast(message: ToastMessage): void {
  set(message);
  // An error stays until it is read and dismissed.
  if (message.tone === "plain") timer = setTimeout(dismissToast, 8_000);
}

export const dismissToast = () => {
  set(null);
};

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useToast = () => useSyncExternalStore(subscribe, () => current);
