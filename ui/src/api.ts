// Requests to the server, as docs/http-api.md describes it. Nothing here throws: whatever goes wrong is a Failure.

export type Failure = { kind: "network" | "timeout" | "key" | "server"; status: number; message: string };
export type Outcome<T> = { ok: true; value: T } | { ok: false; failure: Failure };

const usual_timeout_ms = 15_000;

export interface Sent {
  method?: "GET" | "POST" | "DELETE";
  body?: unknown;
  key?: string;
  timeout_ms?: number;
}

export function headers_of(sent: Sent): Record<string, string> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (sent.body !== undefined) headers["content-type"] = "application/json";
  if (sent.key) headers["authorization"] = `Bearer ${sent.key}`;
  return headers;
}

export async function request<T>(path: string, sent: Sent = {}): Promise<Outcome<T>> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, {
      method: sent.method ?? "GET", headers: headers_of(sent),
      ...(sent.body === undefined ? {} : { body: JSON.stringify(sent.body) }),
      signal: AbortSignal.timeout(sent.timeout_ms ?? usual_timeout_ms),
    });
    text = await response.text();
  } catch (error) {
    return { ok: false, failure: failure_of_exception(error) };
  }
  const parsed = parse_json(text);
  if (!response.ok) return { ok: false, failure: failure_of(response.status, parsed) };
  if (typeof parsed !== "object" || parsed === null) return { ok: false, failure: { kind: "server", status: response.status, message: "" } };
  return { ok: true, value: parsed as T };
}

export function failure_of_exception(error: unknown): Failure {
  const kind = error instanceof DOMException && error.name === "TimeoutError" ? "timeout" : "network";
  return { kind, status: 0, message: "" };
}

export function parse_json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// The server's own message where it gave one ({"error":{"message"}}), which says what to do.
export function failure_of(status: number, body: unknown): Failure {
  const error = (body as { error?: unknown } | null)?.error;
  const message =
    typeof error === "string" ? error
    : typeof (error as { message?: unknown } | null)?.message === "string" ? (error as { message: string }).message
    : "";
  const code = (error as { code?: unknown } | null)?.code;
  const asks_for_key = status === 401 || (status === 403 && code === "role");
  return { kind: asks_for_key ? "key" : "server", status, message };
}

// Whether the server is there; for whoever waits until it is back.
export async function is_up(): Promise<boolean> {
  const outcome = await request<unknown>("/healthz", { timeout_ms: 3_000 });
  return outcome.ok;
}
