// What holds on every page: the home currency and the colours. Kept in this browser.

const listeners = new Map();

function kept(name) {
  try { return localStorage.getItem(name); } catch { return null; }
}

function keep(name, value) {
  try { localStorage.setItem(name, value); } catch { /* a browser that keeps nothing: it holds until the page is left */ }
}

export const state = {
  home: kept("home") ?? "EUR",
  theme: kept("theme") ?? "system",
};

export function set(name, value) {
  if (state[name] === value) return;
  state[name] = value;
  keep(name, value);
  for (const one of listeners.get(name) ?? []) one(value);
}

// Call `told` at each change of `name`, until what is returned is called.
export function listen(name, told) {
  if (!listeners.has(name)) listeners.set(name, new Set());
  listeners.get(name).add(told);
  return () => listeners.get(name).delete(told);
}

const dark = matchMedia("(prefers-color-scheme: dark)");
dark.addEventListener("change", () => { for (const one of listeners.get("theme") ?? []) one(state.theme); });

export function isDark() {
  return state.theme === "system" ? dark.matches : state.theme === "dark";
}
