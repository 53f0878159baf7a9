// Positions from a file or a paste: what they are worth, what they were worth, and what could not be valued and why. They
// are sent to this server to be valued, are stored nowhere, and are forgotten when the page is left.

import { post } from "../api.js";
import { Chart, points } from "../chart.js";
import { field, h, select, table } from "../dom.js";
import { grouped, money, percent } from "../exact.js";
import { state } from "../state.js";
import { reason } from "../words.js";

let kept = ""; // for as long as the program is in this tab

// Lines of symbol and quantity, with commas, semicolons or tabs; a first line of headings is passed over.
export function positions(text) {
  const found = [];
  const wrong = [];
  text.split(/\r?\n/).forEach((line, n) => {
    if (!line.trim() || line.trim().startsWith("#")) return;
    const [symbol, quantity] = line.split(/[;,\t]/).map((one) => one?.trim().replace(/^"(.*)"$/, "$1"));
    if (!found.length && !wrong.length && /^(symbol|ticker)$/i.test(symbol)) return;
    if (symbol && /^[+-]?(\d+\.?\d*|\.\d+)$/.test(quantity ?? "")) found.push({ symbol, quantity });
    else wrong.push(`line ${n + 1}: ${line.trim().slice(0, 60)}`);
  });
  return { found, wrong };
}

export function show(root, context) {
  const text = h("textarea", { name: "positions", rows: "6", spellcheck: "false", placeholder: "symbol,quantity\nAAPL,10\nBARC.L,200\nCASH:EUR,500", value: kept });
  const file = h("input", { type: "file", accept: ".csv,.txt,.tsv,text/csv,text/plain" });
  const drop = h("div.drop", {}, field("Positions, one a line: symbol, quantity. Paste them, or drop a file here.", text), field("or choose a file", file));
  const on = h("input", { type: "date", name: "on" });
  const interval = select("interval", [["1d", "day"], ["1w", "week"], ["1mo", "month"]], "1w");
  const status = h("p.status", { role: "status" });
  const place = h("div.place");
  const results = h("div");
  const chart = new Chart({ label: "Value of the positions over time", height: "middle", read: (n) => words(n) });
  const line = chart.add("area");
  const covered = chart.add("histogram", { colour: "volume", pane: 1, title: "covered, %" });
  chart.heights([4, 1]);
  const chartPlace = h("div", { hidden: true }, h("h2", {}, "Value over time"),
    h("p.dim", {}, "With the quantities of the last day; before a split there were as many times fewer. Below it is how much of the positions each day covers: a total of fewer positions is no fall."), chart.element);
  const partly = h("div");
  let values = [];
  let stop = null;

  root.append(h("h1", {}, "Portfolio"),
    h("p", {}, "Positions are valued by this server alone and stored nowhere."),
    h("form.controls", { onsubmit: (event) => { event.preventDefault(); load(); } },
      drop, field("On", on), field("A value per", interval), h("button.primary", {}, "Value"),
      h("button", { type: "button", onclick: sample }, "Try an example")),
    status, place, results, chartPlace, partly);

  for (const name of ["dragover", "dragleave", "drop"]) {
    drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.toggle("over", name === "dragover"); });
  }
  drop.addEventListener("drop", (event) => read(event.dataTransfer.files[0]));
  file.addEventListener("change", () => read(file.files[0]));

  async function read(given) {
    if (!given) return;
    if (given.size > 1000000) {
      status.textContent = `${given.name} is larger than the 1,000,000 bytes that are valued at once: split it.`;
      return;
    }
    text.value = await given.text();
    load();
  }

  function sample() {
    text.value = "symbol,quantity\nAAPL,40\n4063.T,100\nBARC.L,1000\nCASH:USD,2500\nNOT.THERE,5\n";
    on.value = "2020-12-31";
    load();
  }

  async function load() {
    kept = text.value;
    const { found, wrong } = positions(text.value);
    status.textContent = wrong.length ? `Not read, as they are not a symbol and a number: ${wrong.slice(0, 5).join("; ")}${wrong.length > 5 ? `; and ${wrong.length - 5} more` : ""}.` : "";
    if (!found.length) {
      if (!wrong.length) status.textContent = "Give at least one line such as AAPL,10.";
      return;
    }
    stop?.abort();
    stop = new AbortController();
    const { signal } = stop;
    await context.ask(place, async () => {
      const body = { positions: found, currency: state.home };
      const day = on.value ? { on: on.value } : {};
      const last = on.value ? { to: on.value } : {};
      const [{ body: now }, { body: history }] = await Promise.all([
        post("/v1/valuation", { ...body, ...day }, signal),
        post("/v1/valuation/history", { ...body, ...last, interval: interval.value }, signal).catch((error) => {
          if (error.status === 404) return { body: { values: [] } }; // nothing but cash: there is no history of prices
          throw error;
        }),
      ]);
      place.replaceChildren();
      put(now);
      draw(history);
    });
  }

  function put(found) {
    results.replaceChildren(
      h("div.tiles", {},
        tile("Total", `${money(found.total)} ${found.currency}`, `exactly ${grouped(found.total)}`),
        tile("On", found.on), tile("Covered", percent(found.covered_share, 0).replace("+", ""), `${found.positions.length} of ${found.positions.length + found.left_out.length} positions`)),
      found.left_out.length ? h("div", {}, h("h2", {}, "Not covered, and why"),
        table("Positions that could not be valued", ["Symbol", "Quantity", "Why", "Local value"],
          found.left_out.map((one) => [one.symbol, grouped(one.quantity), reason(one.reason), one.local_value ? `${grouped(one.local_value)} ${one.unit}` : ""]), [1, 3])) : "",
      h("h2", {}, "Covered"),
      table("Positions valued", ["Symbol", "Quantity", "Price", "Of", "Rate", "Rate of", `Value in ${found.currency}`],
        found.positions.map((one) => [one.symbol, grouped(one.quantity), `${grouped(one.price)} ${one.unit}`, one.price_date ?? "", one.rate, one.rate_date ?? "", grouped(one.value)]), [1, 2, 4, 6]));
  }

  function draw(found) {
    const begins = found.values.findIndex((one) => one.covered_share !== "0");
    values = begins < 0 ? [] : found.values.slice(begins);
    chartPlace.hidden = !values.length;
    if (!values.length) { partly.replaceChildren(); return; }
    chart.days = values.map((one) => one.date);
    line.setData(points(chart.days, values.map((one) => (one.covered_share === "0" ? "" : one.total))));
    covered.setData(points(chart.days, values.map((one) => one.covered_share), 100));
    requestAnimationFrame(() => requestAnimationFrame(() => chart.fit())); // its place had no size until now
    const some = found.values.filter((one) => one.left_out.length);
    const spans = [];
    for (const one of some) { // days in a row that lack the same are one line
      const lacks = one.left_out.map((each) => `${each.symbol}: ${reason(each.reason)}`).join("; ");
      const before = spans.at(-1);
      if (before?.lacks === lacks) Object.assign(before, { to: one.date, days: before.days + 1 });
      else spans.push({ from: one.date, to: one.date, days: 1, lacks, share: one.covered_share });
    }
    partly.replaceChildren(spans.length ? h("details", {}, h("summary", {}, `${some.length} of ${found.values.length} days cover only some of the positions`),
      table("Days that cover only some positions", ["From", "To", "Days", "Covered", "Left out"],
        spans.map((one) => [one.from, one.to, String(one.days), percent(one.share, 0).replace("+", ""), one.lacks]), [2, 3])) : "");
  }

  function words(n) {
    return `${values[n].date}: ${money(values[n].total)} ${state.home}, ${percent(values[n].covered_share, 0).replace("+", "")} covered`;
  }

  if (kept) load();
  return { home: () => { if (kept) load(); }, close: () => { stop?.abort(); chart.close(); } };
}

export function tile(name, value, note) {
  return h("div.tile", {}, h("p.dim", {}, name), h("p.big", {}, value), note && h("p", {}, h("small", {}, note)));
}
