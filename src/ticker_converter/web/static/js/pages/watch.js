// The watch list in the home currency: what each is worth, and what of its last move was the price and what the currency.

import { get } from "../api.js";
import { marked } from "../app.js";
import { spark } from "../chart.js";
import { field, h } from "../dom.js";
import { direction, float, grouped, money, percent } from "../exact.js";
import { Grid } from "../grid.js";
import { state } from "../state.js";
import { behind, reason } from "../words.js";

const FIRST = 60; // rows of the first page, which is what is seen first
const PAGE = 2000;

function move(text) {
  return h("span", { class: direction(text) || null }, percent(text));
}

function freshness(row) {
  const late = row.sessions_behind !== null && row.sessions_behind !== "0";
  return h("span", { class: late ? "late" : null, title: row.date ? `last session ${row.date}` : null }, behind(row.sessions_behind));
}

const COLUMNS = [
  { name: "symbol", title: "Symbol", sort: (row) => row.symbol,
    cell: (row) => h("a", { href: `#/instrument/${encodeURIComponent(row.symbol)}` }, row.symbol) },
  { name: "name", title: "Name", widest: true, sort: (row) => row.name?.toUpperCase() ?? null, cell: (row) => row.name ?? "" },
  { name: "close", title: "Close", number: true, wide: true, 
    cell: (row) => (row.close ? h("span", { title: `${grouped(row.close)} ${row.unit}` }, `${money(row.close)} `, h("small", {}, row.unit)) : "") },
  { name: "value", title: "In home currency", number: true, sort: (row) => float(row.value),
    cell: (row) => (row.value
      ? h("span", { title: grouped(row.value) }, money(row.value))
      : h("span.missing", { title: reason(row.missing) }, reason(row.missing))) },
  { name: "total", title: "Day", number: true, sort: (row) => float(row.total), cell: (row) => move(row.total) },
  { name: "local", title: "of it price", number: true, wide: true, sort: (row) => float(row.local), cell: (row) => move(row.local) },
  { name: "fx", title: "of it currency", number: true, wide: true, sort: (row) => float(row.fx), cell: (row) => move(row.fx) },
  { name: "spark", title: "Last 30", cell: (row) => spark(row.spark) },
  { name: "date", title: "Session", wide: true, sort: (row) => row.date ?? null, cell: (row) => row.date ?? "" },
  { name: "fresh", title: "Freshness", widest: true, sort: (row) => float(row.sessions_behind), cell: freshness },
];

export function show(root, context) {
  const find = h("input", { type: "search", name: "find", placeholder: "symbol or name", autocomplete: "off" });
  const status = h("p.status", { role: "status" }, "Loading …");
  const place = h("div.place");
  const grid = new Grid({ caption: "The watch list", columns: COLUMNS,
    opened: (row) => { location.hash = `#/instrument/${encodeURIComponent(row.symbol)}`; } });
  root.append(
    h("div.head", {}, h("h1", {}, "Watch list"), h("form.inline", { role: "search", onsubmit: (event) => event.preventDefault() }, field("Find", find))),
    status, place);
  let stop = null;
  let rows = [];

  function filtered() {
    const text = find.value.trim().toUpperCase();
    return text ? rows.filter((row) => row.symbol.toUpperCase().includes(text) || row.name?.toUpperCase().includes(text)) : rows;
  }

  async function load() {
    stop?.abort();
    stop = new AbortController();
    const { signal } = stop;
    const currency = state.home;
    await context.ask(place, async () => {
      let found = await get("/v1/watch", { currency, limit: FIRST }, signal);
      const got = found.watch;
      if (!got.length) {
        status.textContent = "";
        place.replaceChildren(empty());
        return;
      }
      const again = rows.length === Number(found.count); // another currency: the list is replaced when it is whole
      if (!again) put(got, found, currency);
      else put(merged(got), found, currency);
      while (found.next) {
        const next = new URL(found.next, location.origin);
        next.searchParams.set("limit", String(PAGE));
        found = await get(next.pathname + next.search, {}, signal);
        got.push(...found.watch);
        if (!found.next) put(got, found, currency);
      }
    });
  }

  // New figures for the rows that are there, so that a row in view does not go while the rest is fetched.
  function merged(some) {
    const by = new Map(some.map((row) => [row.symbol, row]));
    return rows.map((row) => by.get(row.symbol) ?? { ...row, value: null, missing: null, total: null, fx: null, spark: null });
  }

  function put(all, found, currency) {
    rows = all;
    if (!place.contains(grid.element)) place.replaceChildren(grid.element);
    grid.fill(filtered());
    const late = rows.filter((row) => row.sessions_behind !== null && row.sessions_behind !== "0").length;
    status.textContent = `${Number(found.count).toLocaleString("en")} instruments in ${currency}` +
      `${rows.length < Number(found.count) ? `, ${rows.length} loaded` : late ? `, ${late.toLocaleString("en")} not up to date` : ""}.`;
  }

  find.addEventListener("input", () => grid.fill(filtered()));
  load();
  return { home: load, close: () => { stop?.abort(); grid.close(); } };
}

function empty() {
  return h("div.problem", {},
    h("p.title", {}, "Nothing is on the watch list yet"),
    h("p", {}, marked("`ticker-converter demo` serves a sample; `ticker-converter import prices FILE` loads your own files; `ticker-converter add AAPL` and `sync` fetch from a provider.")),
    h("p", {}, marked("This page shows what is stored as soon as something is.")));
}
