/**
 * One HTTP client for every call. The session is an HttpOnly cookie that the browser sends by itself; no code here
 * can read it. Whatever goes wrong becomes an `ApiError`, so that one place (words.ts) turns it into sentences.
 */
import axios, { AxiosError, type AxiosRequestConfig } from "axios";

export type FieldError = { field: string; message: string; type: string };

export class ApiError extends Error {
  /** 0: there was no answer. */
  readonly status: number;
  /** Stable code of the server's problem document (RFC 9457), or "". */
  readonly code: string;
  /** The server's own sentence, or "". */
  readonly detail: string;
  /** Seconds to wait, where the server says so. */
  readonly retryAfter: number | null;
  readonly fields: FieldError[];

  constructor(status: number, problem: Partial<Pick<ApiError, "code" | "detail" | "retryAfter" | "fields">> = {}) {
    super(`HTTP ${status} ${problem.code ?? ""}`.trim());
    this.name = "ApiError";
    this.status = status;
    this.code = problem.code ?? "";
    this.detail = problem.detail ?? "";
    this.retryAfter = problem.retryAfter ?? null;
    this.fields = problem.fields ?? [];
  }
}

const http = axios.create({ timeout: 15_000, headers: { Accept: "application/json" } });

export async function call<T>(config: AxiosRequestConfig): Promise<T> {
  try {
    return (await http.request<T>(config)).data;
  } catch (error) {
    throw asApiError(error);
  }
}

export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (!(error instanceof AxiosError) || error.response === undefined) return new ApiError(0);
  const { status, headers } = error.response;
  const body: unknown = error.response.data;
  const wait = Number(headers["retry-after"]);
  return new ApiError(status, {
    code: text(body, "code"),
    detail: text(body, "detail"),
    retryAfter: Number.isFinite(wait) && wait > 0 ? wait : null,
    fields: status === 422 ? fieldErrors(body) : [],
  });
}

function text(body: unknown, key: string): string {
  const value = isRecord(body) ? body[key] : undefined;
  return typeof value === "string" ? value : "";
}

/** Gatepost lists `errors`, or says one rule as `field: reason`; FastAPI's own validation has its list in `detail`. */
function fieldErrors(body: unknown): FieldError[] {
  const list = isRecord(body) ? (body.errors ?? body.detail) : undefined;
  if (Array.isArray(list)) {
    return list.filter(isRecord).map((item) => ({
      field: Array.isArray(item.loc) ? String(item.loc.at(-1)) : "",
      message: text(item, "msg"),
      type: text(item, "type"),
    }));
  }
  const [, field, message] = /^(\w+): (.+)$/.exec(text(body, "detail")) ?? [];
  return field && message ? [{ field, message: `It ${message}.`, type: "rule" }] : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
