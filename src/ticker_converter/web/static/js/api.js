// The only place that asks the server. An answer is exact text; a refusal is a Refused that says what to do.

import { exactCsv, exactJson } from "./exact.js";

const credential = { headers: {}, name: null, csrf: null };

export class Refused extends Error {
  constructor(status, title, detail, type) {
    super(detail || title);
    this.status = status;
    this.title = title;
    this.type = type ?? "";
  }

  // What a person can do now: a sentence, and a link where there is one.
  get advice() {
    if (this.status === 0) return ["Start it with `ticker-converter serve`, then try again."];
    if (this.status === 401) {
      return credential.name
        ? ["Your session is over. Sign in again, then come back to this page.", "#/account", "Sign in"]
        : ["Sign in, or give a key made by `ticker-converter key create --scopes read,operate`.", "#/account", "Sign in"];
    }
    if (this.status === 403) {
      return ["What you signed in with does not allow this. Use a user or a key with the scope that is named.",
        "#/account", "Sign in as someone else"];
    }
    if (this.status === 429) return ["Too many requests were sent. Wait a moment, then try again."];
    if (this.status === 503) return ["The database is away or starting. Try again in a moment; `ticker-converter doctor` says more."];
    if (this.status === 404) return ["`ticker-converter list` shows what is stored; `import` or `sync` brings what is missing."];
    if (this.status >= 500) return ["Try again. If it stays, the server's log has the request's number."];
    return [];
  }
}

export function address(path, query = {}) {
  const found = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== "") found.append(name, String(one));
    }
  }
  const text = found.toString();
  return text ? `${path}?${text}` : path;
}

// A path from its parts, each escaped: a symbol may hold a slash.
export function path(...names) {
  return `/v1/${names.map(encodeURIComponent).join("/")}`;
}

async function send(where, options = {}) {
  let response;
  try {
    const proof = options.method && credential.csrf ? { "X-CSRF-Token": credential.csrf } : {};
    response = await fetch(where, { ...options, headers: { ...credential.headers, ...proof, ...options.headers } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, "The server does not answer", `Nothing answers at ${location.origin}.`);
  }
  if (response.ok) return response;
  let found = {};
  try { found = exactJson(await response.text()); } catch { /* not a problem document: a proxy's own page */ }
  if (response.status === 401 && credential.refresh && !options.again) {
    if (await credential.refresh()) return send(where, { ...options, again: true });
  }
  const wrong = (found.errors ?? []).map((one) => `${one.parameter}: ${one.message}`).join("; ");
  throw new Refused(response.status, found.title ?? `The server said ${response.status}`,
    wrong || found.detail || "", found.type);
}

export async function get(where, query, signal) {
  const response = await send(address(where, query), { headers: { Accept: "application/json" }, signal });
  return exactJson(await response.text());
}

// A series as columns of text.
export async function series(where, query, signal) {
  const response = await send(address(where, query), { headers: { Accept: "text/csv" }, signal });
  return exactCsv(await response.text());
}

export async function post(where, body, signal) {
  const headers = { Accept: "application/json", "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() };
  const response = await send(where, { method: "POST", headers, body: JSON.stringify(body), signal });
  return { status: response.status, body: exactJson(await response.text()), location: response.headers.get("location") };
}

// A file of an answer, saved by the browser.
export async function download(where, query, name) {
  const response = await send(address(where, query));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// ---- who asks: a cookie that no script reads, or what is kept in this page's memory alone ----

const SESSION = "/v1/auth/session";
const NOBODY = { headers: {}, name: null, csrf: null, refresh: null };

export function who() { return credential.name; }

export function useKey(key) {
  Object.assign(credential, NOBODY, { headers: { "X-API-Key": key }, name: `key ${key.split("_")[1]?.slice(0, 4) ?? ""}…` });
}

// Whether this browser has signed in: only then is the session asked for at the start.
function marked(yes) {
  try {
    if (yes === undefined) return localStorage.getItem("session") === "1";
    if (yes) localStorage.setItem("session", "1");
    else localStorage.removeItem("session");
  } catch { /* a browser that keeps nothing signs in anew */ }
  return false;
}

function begun(found) {
  Object.assign(credential, NOBODY, { name: found.user, csrf: found.csrf_token });
  marked(true);
}

export async function signOut() {
  const session = credential.csrf;
  if (session) await send(SESSION, { method: "DELETE" });
  marked(false);
  Object.assign(credential, NOBODY);
}

export async function signIn(username, password) {
  const headers = { "Content-Type": "application/json" };
  Object.assign(credential, NOBODY);
  try {
    begun(exactJson(await (await send(SESSION, { method: "POST", headers, body: JSON.stringify({ username, password }) })).text()));
  } catch (error) {
    if (error.status !== 404 && error.status !== 405) throw error;
    take(username, await grant({ grant_type: "password", username, password })); // a server without sessions of pages
  }
}

// Who was signed in when the page was loaded.
export async function resume() {
  if (!marked()) return;
  try {
    begun(await get(SESSION));
  } catch (error) {
    if (error.status === 401 || error.status === 404) marked(false);
  }
}

async function grant(words) {
  const response = await send("/v1/auth/token", { method: "POST", body: new URLSearchParams(words), again: true });
  return exactJson(await response.text());
}

function take(user, token) {
  credential.headers = { Authorization: `Bearer ${token.access_token}` };
  credential.name = user;
  credential.refresh = async () => {
    credential.refresh = null; // it is good once
    credential.headers = {};
    try {
      take(user, await grant({ grant_type: "refresh_token", refresh_token: token.refresh_token }));
      return true;
    } catch {
      return false;
    }
  };
}
