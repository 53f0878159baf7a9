// The frame: which page is shown, the home currency, the colours, and what is said when something goes wrong.

import { get, Refused, resume, who } from "./api.js";
import { h } from "./dom.js";
import { listen, set, state } from "./state.js";

const PAGES = {
  watch: ["Watch list", () => import("./pages/watch.js")],
  instrument: ["Instrument", () => import("./pages/instrument.js")],
  compare: ["Compare", () => import("./pages/compare.js")],
  currencies: ["Currencies", () => import("./pages/currencies.js")],
  portfolio: ["Portfolio", () => import("./pages/portfolio.js")],
  explain: ["Explain", () => import("./pages/explain.js")],
  health: ["Data health", () => import("./pages/health.js")],
  account: ["Sign in", () => import("./pages/account.js")],
};
const COMMON = ["EUR", "USD", "GBP", "JPY", "CHF"];

const main = document.querySelector("main");
const home = document.querySelector("#home");
const theme = document.querySelector("#theme");
let open = null; // the page in view: { context, shown: { close(), home(currency) } }
let turn = 0; // counts pages, so that a late answer to one that was left is dropped

// ---- what a page is given ----

function context(number, name, parameters) {
  const stop = new AbortController();
  return {
    name,
    parameters,
    signal: stop.signal,
    leave: () => stop.abort(),
    current: () => number === turn,
    // The address follows what is shown, without a step in the history.
    remember(query) {
      const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined)).toString();
      const [path] = location.hash.split("?");
      history.replaceState(null, "", `${path || "#/watch"}${text ? `?${text}` : ""}`);
    },
    fail: (error, again) => problem(error, again),
    // Run something that asks the server; what goes wrong is said in `place`.
    async ask(place, work) {
      place.setAttribute("aria-busy", "true");
      try {
        return await work();
      } catch (error) {
        if (error.name === "AbortError" || number !== turn) return undefined;
        place.replaceChildren(problem(error, () => this.ask(place, work)));
        return undefined;
      } finally {
        place.removeAttribute("aria-busy");
      }
    },
  };
}

// What went wrong, and what to do.
function problem(error, again) {
  if (!(error instanceof Refused)) throw error;
  const [advice, link, word] = error.advice;
  return h("div.problem", { role: "alert" },
    h("p.title", {}, error.title), error.message !== error.title && h("p", {}, error.message),
    advice && h("p", {}, marked(advice)),
    h("p.actions", {},
      link && h("a.button", { href: link }, word),
      again && h("button", { type: "button", onclick: again }, "Try again")));
}

// `words` as code.
export function marked(text) {
  return text.split("`").map((part, n) => (n % 2 ? h("code", {}, part) : part));
}

// ---- pages ----

async function show() {
  const number = ++turn;
  open?.shown?.close?.();
  open?.context.leave();
  open = null;
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, ...rest] = path.split("/").map(decodeURIComponent);
  const page = PAGES[name] ? name : "watch";
  for (const link of document.querySelectorAll("nav a")) {
    const mine = link.hash.startsWith(`#/${page}`);
    if (mine) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const given = context(number, page, { path: rest, query: new URLSearchParams(query) });
  const made = await PAGES[page][1]();
  if (number !== turn) return;
  const root = h("div.page", { "data-name": page });
  main.replaceChildren(root);
  document.title = `${rest[0] ?? PAGES[page][0]} - ticker-converter`;
  open = { context: given };
  open.shown = made.show(root, given);
  if (number > 1) {
    const title = root.querySelector("h1");
    title?.setAttribute("tabindex", "-1");
    title?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
}

listen("home", (currency) => {
  home.value = currency;
  open?.shown?.home?.(currency);
});

function colours() {
  document.documentElement.dataset.theme = state.theme;
  theme.value = state.theme;
}

function options(codes) {
  const all = [...new Set([...COMMON, state.home, ...codes])];
  home.replaceChildren(...all.map((code) => h("option", { value: code }, code)));
  home.value = state.home;
}

export function signedIn() {
  const link = document.querySelector("#account");
  link.textContent = who() ?? "Sign in";
}

home.addEventListener("change", () => set("home", home.value));
theme.addEventListener("change", () => { set("theme", theme.value); });
listen("theme", colours);
addEventListener("hashchange", show);

// The addresses of the first page of this project: /?symbol=AAPL&currency=GBP
const former = new URLSearchParams(location.search);
if (former.get("symbol")) {
  history.replaceState(null, "", `/#/instrument/${encodeURIComponent(former.get("symbol"))}`);
}
options([]);
colours();
show();
resume().then(signedIn);
get("/v1/currencies").then((found) => {
  options(found.filter((one) => one.sources.length || COMMON.includes(one.code)).filter((one) => !one.valid_to).map((one) => one.code).sort());
}).catch(() => { /* the page in view says what is wrong */ });
