// Currencies: a rate over time, one conversion with its receipt, and what is stored of each currency and what became of it.

import { get, path, series } from "../api.js";
import { Chart, points } from "../chart.js";
import { facts, field, h, select } from "../dom.js";
import { grouped } from "../exact.js";
import { Grid } from "../grid.js";
import { receipt } from "../receipt.js";
import { state } from "../state.js";
import { reason } from "../words.js";

export function show(root, context) {
  const given = context.parameters.query;
  const base = h("input", { name: "base", value: given.get("base") ?? (state.home === "USD" ? "EUR" : "USD"), list: "codes", size: "6", autocomplete: "off", required: true });
  const quote = h("input", { name: "quote", value: given.get("quote") ?? "", placeholder: state.home, list: "codes", size: "6", autocomplete: "off" });
  const codes = h("datalist", { id: "codes" });
  const place = h("div.place");
  const status = h("p.status", { role: "status" });
  const side = h("div.card", { "aria-live": "polite" }, h("h2", {}, "Receipt"), h("p.dim", {}, "Convert an amount, or choose a day of the chart."));
  const chart = new Chart({ label: "The rate by day", height: "middle", read: words, chosen: (day) => convert("1", base.value, pair()[1], day) });
  const line = chart.add("area");
  const amount = h("input", { name: "amount", value: "100", inputmode: "decimal", size: "8", required: true });
  const source = h("input", { name: "from", value: pair()[0], list: "codes", size: "6", required: true, autocomplete: "off" });
  const target = h("input", { name: "to", value: "", placeholder: state.home, list: "codes", size: "6", autocomplete: "off" });
  const on = h("input", { type: "date", name: "on" });
  const kind = select("kind", [["all", "all"], ["rates", "with rates"], ["retired", "retired"], ["pegged", "pegged"]], given.get("kind") ?? "rates");
  const lives = h("div.lives");
  const card = h("div.card", {}, h("h2", {}, "One currency"), h("p.dim", {}, "Choose one in the list."));
  let rates = null;
  let all = [];
  let stop = null;
  const grid = new Grid({ caption: "Currencies", opened: tell, columns: [
    { name: "code", title: "Code", sort: (one) => one.code, cell: (one) => h("button.small", { type: "button", onclick: () => tell(one) }, one.code) },
    { name: "name", title: "Name", sort: (one) => one.name, cell: (one) => one.name },
    { name: "until", title: "Until", wide: true, sort: (one) => one.valid_to, cell: (one) => one.valid_to ?? "" },
    { name: "successor", title: "Became", wide: true, sort: (one) => one.successor, cell: (one) => (one.successor ? `${one.successor}, ${grouped(one.factor)} to 1` : "") },
    { name: "peg", title: "Pegged to", wide: true, sort: (one) => one.peg, cell: (one) => (one.peg ? `${one.peg} at ${one.peg_rate}` : "") },
    { name: "last", title: "Rates until", sort: (one) => last(one), cell: (one) => last(one) ?? "none stored" },
    { name: "sources", title: "Sources", widest: true, cell: (one) => one.sources.map((each) => each.source).join(", ") },
  ] });

  root.append(h("h1", {}, "Currencies"), codes,
    h("form.controls", { onsubmit: (event) => { event.preventDefault(); load(); } },
      field("One of", base), field("in", quote), h("button.primary", {}, "Show")),
    status, place, chart.element,
    h("div.columns.two", {},
      h("div.card", {}, h("h2", {}, "Convert"),
        h("form.controls", { onsubmit: (event) => { event.preventDefault(); convert(amount.value.trim(), source.value.trim(), target.value.trim() || state.home, on.value); } },
          field("Amount", amount), field("From", source), field("To", target), field("On", on), h("button.primary", {}, "Convert")),
        h("p.dim", {}, "Price units are known as well: GBX and GBp are pence, ZAc cents, ILA agorot.")),
      side),
    h("h2", {}, "Lives and coverage"),
    h("form.controls", { onsubmit: (event) => event.preventDefault() }, field("Which", kind)),
    h("div.columns.side", {}, lives, card));

  function pair() { return [base.value.trim(), quote.value.trim() || state.home]; }

  function last(one) { return one.sources.map((each) => each.last).sort().at(-1) ?? null; }

  function words(n) {
    return rates.rate[n] ? `${rates.date[n]}: ${rates.rate[n]}${rates.age_days[n] === "0" ? "" : `, ${rates.age_days[n]} days old`}` : `${rates.date[n]}: ${reason(rates.missing[n])}`;
  }

  async function load() {
    stop?.abort();
    stop = new AbortController();
    const { signal } = stop;
    const [one, other] = pair();
    quote.placeholder = state.home;
    target.placeholder = state.home;
    await context.ask(place, async () => {
      rates = await series(path("rates", one, other), {}, signal);
      place.replaceChildren();
      context.remember({ base: one, quote: quote.value.trim(), kind: kind.value === "rates" ? "" : kind.value });
      chart.days = rates.date;
      line.setData(points(rates.date, rates.rate));
      chart.fit();
      const published = rates.date.filter((each, n) => rates.rate[n]).length;
      const at = rates.rate.findLastIndex((each) => each);
      status.textContent = at < 0 ? `No rate from ${one} to ${other} is stored.`
        : `1 ${one} = ${rates.rate[at]} ${other} on ${rates.date[at]}, published ${rates.rate_date[at] || "never: it needs no rate"} by ${rates.source[at]}. ` +
          `${published.toLocaleString("en")} of ${rates.date.length.toLocaleString("en")} days have a rate.`;
    });
  }

  async function convert(number, from, to, day) {
    side.replaceChildren(h("h2", {}, "Receipt"), h("p.dim", {}, "…"));
    await context.ask(side, async () => {
      const found = await get("/v1/convert", { amount: number, from, to, on: day }, context.signal);
      side.replaceChildren(h("h2", {}, "Receipt"), receipt(found.receipt, found.amount, found.result));
    });
  }

  function tell(one) {
    card.replaceChildren(h("h2", {}, `${one.code} ${one.name}`), facts([
      ["From", one.valid_from ?? "not stated"], ["Until", one.valid_to ?? "in use"],
      one.successor && ["Became", `${one.successor} on ${one.effective}: ${grouped(one.factor)} ${one.code} are 1 ${one.successor}`],
      one.peg && ["Pegged", `to ${one.peg} at ${one.peg_rate}; used only if no source answers and FX_PEGS is on`],
      ...one.sources.map((each) => [each.source, `${Number(each.rates).toLocaleString("en")} rates, ${each.first} to ${each.last}`]),
      !one.sources.length && ["Rates", "none stored"],
    ]));
  }

  function pick() {
    const test = { all: () => true, rates: (one) => one.sources.length, retired: (one) => one.valid_to, pegged: (one) => one.peg }[kind.value];
    grid.fill(all.filter(test));
  }

  kind.addEventListener("change", pick);
  load();
  context.ask(lives, async () => {
    all = await get("/v1/currencies", {}, context.signal);
    codes.append(...all.map((one) => h("option", { value: one.code }, one.name)));
    lives.replaceChildren(grid.element);
    pick();
  });
  return { home: load, close: () => { stop?.abort(); grid.close(); chart.close(); } };
}
