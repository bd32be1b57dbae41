/** Gatepost's routes, as this app uses them. */
import { ApiError, call } from "./client";

export type User = {
  id: string;
  email: string | null;
  username: string | null;
  full_name: string | null;
  email_verified: boolean;
  created_at: string;
};

export type SessionInfo = {
  id: string;
  created_at: string;
  last_seen_at: string;
  ip: string | null;
  user_agent: string | null;
  current: boolean;
  kind: string;
};

export type NewUser = { email: string; password: string; full_name?: string };

/** The user, or null where no session is open. */
export async function fetchMe(): Promise<User | null> {
  try {
    return await call<User>({ url: "/auth/me" });
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

/** The new user, or nothing where the server wants the address verified first and tells nobody who has an account. */
export const register = (data: NewUser) => call<Partial<User> | undefined>({ method: "POST", url: "/auth/register", data });

export const login = (data: { identifier: string; password: string }) =>
  call<User>({ method: "POST", url: "/auth/login", data });

export const logout = () => call<unknown>({ method: "POST", url: "/auth/logout" });

export const changePassword = (data: { current_password: string; new_password: string }) =>
  call<unknown>({ method: "POST", url: "/auth/password/change", data });

export const sendVerification = (email: string) =>
  call<unknown>({ method: "POST", url: "/auth/email/verify/send", data: { email } });

export const forgotPassword = (email: string) =>
  call<unknown>({ method: "POST", url: "/auth/password/forgot", data: { email } });

/** What the link of a mail leads to; the token comes from its fragment. */
export const verifyEmail = (token: string) => call<unknown>({ method: "POST", url: "/auth/email/verify", data: { token } });

export const confirmEmail = (token: string) =>
  call<unknown>({ method: "POST", url: "/auth/email/change/confirm", data: { token } });

export const disown = (token: string) => call<unknown>({ method: "POST", url: "/auth/disown", data: { token } });

export const resetPassword = (data: { token: string; new_password: string }) =>
  call<unknown>({ method: "POST", url: "/auth/password/reset", data });

export const acceptInvitation = (data: { token: string; new_password: string }) =>
  call<unknown>({ method: "POST", url: "/auth/invitation", data });

export const setUp = (data: { token: string; email: string; password: string }) =>
  call<User>({ method: "POST", url: "/auth/setup", data });

export const fetchSessions = () => call<{ items: SessionInfo[]; next: string | null }>({ url: "/auth/sessions" });

export const endSession = (id: string) =>
  call<unknown>({ method: "DELETE", url: `/auth/sessions/${encodeURIComponent(id)}` });

export const endOtherSessions = () => call<unknown>({ method: "DELETE", url: "/auth/sessions" });
