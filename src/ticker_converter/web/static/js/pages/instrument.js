// One instrument: its prices in any currency, what happened to it, and the receipt of any point.

import { download, get, path, series } from "../api.js";
import { Chart, points, time, palette } from "../chart.js";
import { facts, field, h, select, table } from "../dom.js";
import { float, grouped, money, percent } from "../exact.js";
import { Grid } from "../grid.js";
import { lines } from "../lines.js";
import { receipt } from "../receipt.js";
import { state } from "../state.js";
import { behind, moment, reason } from "../words.js";

const OVERLAYS = [
  ["sma:20", "Average of 20"], ["sma:50", "Average of 50"], ["sma:200", "Average of 200"], ["ema:12", "Exponential of 12"],
  ["bollinger:20", "Bollinger of 20"],
];
const BELOW = [["rsi:14", "RSI of 14"], ["macd", "MACD"], ["volatility:30", "Volatility of 30"], ["drawdown", "Drawdown"]];
const SPANS = [["1mo", "1 month", 31], ["6mo", "6 months", 183], ["1y", "1 year", 366], ["5y", "5 years", 1827], ["all", "All", 0]];
const ADJUST = [["none", "as traded"], ["splits", "without splits"], ["all", "total return"]];

export function show(root, context) {
  const [symbol] = context.parameters.path;
  if (!symbol) return choose(root, context);
  return new Instrument(root, context, symbol);
}

// Without a symbol: the list to choose from.
function choose(root, context) {
  const input = h("input", { name: "symbol", list: "symbols", required: true, autocomplete: "off", spellcheck: "false" });
  const list = h("datalist", { id: "symbols" });
  const place = h("div.place");
  root.append(h("h1", {}, "Instrument"),
    h("form.controls", { onsubmit: (event) => { event.preventDefault(); location.hash = `#/instrument/${encodeURIComponent(input.value.trim())}`; } },
      field("Symbol", input), list, h("button.primary", {}, "Show")), place);
  context.ask(place, async () => {
    const found = await get("/v1/watch", { currency: state.home, limit: 500, bars: 0 }, context.signal);
    if (!found.watch.length) {
      place.replaceChildren(h("p", {}, "Nothing is stored yet: the watch list says how to bring data."));
      return;
    }
    list.append(...found.watch.map((one) => h("option", { value: one.symbol }, one.name ?? "")));
    place.replaceChildren(h("p", {}, `${Number(found.count).toLocaleString("en")} are on the watch list, such as:`),
      h("ul", {}, found.watch.slice(0, 12).map((one) =>
        h("li", {}, h("a", { href: `#/instrument/${encodeURIComponent(one.symbol)}` }, one.symbol), one.name ? ` ${one.name}` : ""))));
  });
  return {};
}

function same(one, other) {
  return one?.length === other.length && one.every((each, n) => each === other[n]);
}

class Instrument {
  constructor(root, context, symbol) {
    Object.assign(this, { context, symbol, bars: null, known: "", times: [] });
    const given = context.parameters.query;
    this.title = h("h1", {}, symbol);
    this.about = h("p.status", { role: "status" }, "Loading …");
    const chosen = given.get("in") ?? "home";
    const codes = [...new Set([chosen, "EUR", "USD", "GBP", "JPY", "CHF", state.home])].filter((one) => !["home", "listing"].includes(one));
    this.currency = select("in", [["home", `Home (${state.home})`], ["listing", "As listed"], ...codes], chosen);
    this.adjust = select("adjust", ADJUST, given.get("adjust") ?? "splits");
    this.interval = select("interval", [["1d", "session"], ["1w", "week"], ["1mo", "month"]], given.get("interval") ?? "1d");
    this.kind = select("kind", [["candle", "candles"], ["line", "line"]], given.get("kind") ?? "candle");
    this.log = h("input", { type: "checkbox", name: "log", checked: given.get("log") === "1" });
    this.span = given.get("span") ?? "all";
    this.spans = h("fieldset", {}, h("legend", {}, "Span"), SPANS.map(([name, text]) =>
      h("button", { type: "button", "aria-pressed": String(name === this.span), "data-span": name, onclick: () => this.look(name) }, text)));
    this.wanted = new Set((given.get("show") ?? "").split(",").filter(Boolean));
    this.checks = h("fieldset.checks", {}, h("legend", {}, "Averages and indicators"),
      [...OVERLAYS, ...BELOW].map(([name, text]) => field(text, h("input", {
        type: "checkbox", checked: this.wanted.has(name), onchange: (event) => {
          this.wanted[event.target.checked ? "add" : "delete"](name);
          this.load({ keep: true });
        },
      }), "check")));
    this.slider = h("input", { type: "range", min: "0", max: "0", value: "0", disabled: true, "aria-describedby": "known-note" });
    this.knownText = h("output", {}, "now");
    this.place = h("div.place");
    this.side = h("div.card", { "aria-live": "polite" }, h("h2", {}, "Receipt"), h("p.dim", {}, "Click a point of the chart, or go to it with the arrow keys and press Enter."));
    this.parts = h("div.card", {}, h("h2", {}, "Price and currency"), h("p.dim", {}, "…"));
    this.events = h("div.card", {}, h("h2", {}, "Splits and dividends"), h("p.dim", {}, "…"));
    this.linesPlace = h("div.card", {}, h("h2", {}, "The same elsewhere"));
    this.tablePlace = h("div");
    this.chart = new Chart({ label: `Prices of ${symbol}`, read: (n) => this.words(n), chosen: (day) => this.receipt(day) });
    this.main = null;
    this.extra = [];
    root.append(h("div.head", {}, this.title,
      h("p.actions", {},
        h("button", { type: "button", onclick: () => this.save("csv") }, "CSV"), " ",
        h("button", { type: "button", onclick: () => this.save("parquet") }, "Parquet"), " ",
        h("a.button", { href: `#/explain?symbol=${encodeURIComponent(symbol)}` }, "Explain a change"))),
      this.about,
      h("form.controls", { onsubmit: (event) => event.preventDefault() },
        field("Currency", this.currency), field("Prices", this.adjust), field("Per", this.interval), field("Drawn as", this.kind),
        this.spans, field("Logarithmic", this.log, "check"),
        h("label.slider", {}, h("span", {}, "As known at: ", this.knownText), this.slider)),
      h("div.place", {}, this.place, this.chart.element),
      this.checks,
      h("div.columns.side", {}, h("div", {}, this.parts, this.events, this.linesPlace), this.side),
      h("details", { ontoggle: (event) => this.listed(event.target.open) }, h("summary", {}, "All bars as a table"), this.tablePlace));
    for (const one of [this.currency, this.adjust, this.interval]) one.addEventListener("change", () => this.load());
    this.kind.addEventListener("change", () => this.draw());
    this.log.addEventListener("change", () => { this.draw(); this.remember(); });
    this.slider.addEventListener("input", () => { this.say(); });
    this.slider.addEventListener("change", () => this.load());
    this.begin();
  }

  // What does not depend on the currency: the listing, and the times at which what is known changed.
  async begin() {
    const { context, symbol } = this;
    this.load();
    await context.ask(this.about, async () => {
      const [one, known] = await Promise.all([
        get(path("instruments", symbol), {}, context.signal), get(path("known", symbol), { limit: 500 }, context.signal),
      ]);
      this.one = one;
      for (const code of [one.currency, one.unit]) {
        if (code && ![...this.currency.options].some((each) => each.value === code)) this.currency.append(h("option", { value: code }, code));
      }
      this.about.replaceChildren(
        `${[one.name, one.mic, one.kind].filter(Boolean).join(", ")}, listed in ${one.unit ?? "?"}. ` +
        `${Number(one.bars).toLocaleString("en")} sessions ${one.first_session ?? ""} to ${one.last_session ?? ""}: ${behind(one.sessions_behind)}.`);
      this.times = known.times.map((each) => each.known_at).reverse();
      this.slider.max = String(this.times.length);
      this.slider.value = String(this.times.length);
      this.slider.disabled = !this.times.length;
      const asked = context.parameters.query.get("known_at");
      if (asked && this.times.includes(asked)) { this.slider.value = String(this.times.indexOf(asked)); this.say(); this.load(); }
    });
  }

  // The last position is now; each before it is the moment at which something became known.
  say() {
    const at = Number(this.slider.value);
    this.known = at < this.times.length ? this.times[at] : "";
    this.knownText.textContent = this.known ? moment(this.known) : "now";
    this.slider.setAttribute("aria-valuetext", this.knownText.textContent);
  }

  asked() {
    const currency = { home: state.home, listing: "" }[this.currency.value] ?? this.currency.value;
    return { currency, adjust: this.adjust.value, interval: this.interval.value, known_at: this.known };
  }

  remember() {
    this.context.remember({
      in: this.currency.value === "home" ? "" : this.currency.value, adjust: this.adjust.value === "splits" ? "" : this.adjust.value,
      interval: this.interval.value === "1d" ? "" : this.interval.value, kind: this.kind.value === "candle" ? "" : this.kind.value,
      log: this.log.checked ? "1" : "", span: this.span === "all" ? "" : this.span, show: [...this.wanted].join(","), known_at: this.known,
    });
  }

  async load({ keep = false } = {}) {
    this.stop?.abort();
    this.stop = new AbortController();
    const { signal } = this.stop;
    const asked = this.asked();
    const began = performance.now();
    await this.context.ask(this.place, async () => {
      const wanted = [...this.wanted];
      const adjust = asked.adjust;
      const [bars, indicators] = await Promise.all([
        keep && this.bars ? this.bars : series(path("prices", this.symbol), asked, signal),
        wanted.length && asked.interval === "1d"
          ? series(path("indicators", this.symbol), { names: wanted.join(","), currency: asked.currency, adjust, known_at: asked.known_at }, signal)
          : null,
      ]);
      this.place.replaceChildren();
      this.bars = bars;
      this.indicators = indicators;
      this.draw();
      performance.measure("prices drawn", { start: began, end: performance.now() });
      this.remember();
      this.about.dataset.drawn = `${asked.currency || this.one?.unit || ""}`;
      if (keep) return;
      // After the frame with the new series: what stands beside it does not hold it up.
      requestAnimationFrame(() => setTimeout(() => { if (!signal.aborted) this.around(asked, signal); }));
    });
  }

  // What stands beside the chart follows it, without holding it up.
  around(asked, signal) {
    const { context } = this;
    this.linesPlace.replaceChildren(h("h2", {}, "The same elsewhere"), lines(this.symbol, {
      currency: asked.currency, adjust: asked.adjust === "none" ? "" : asked.adjust,
      interval: asked.interval === "1d" ? "" : asked.interval, known_at: asked.known_at,
    }));
    if (this.grid) this.listed(true);
    this.attribution(asked, signal);
    context.ask(this.events, async () => {
      const found = await get(path("actions", this.symbol), { currency: asked.currency, known_at: asked.known_at }, signal);
      this.actions = found.actions;
      this.mark();
      this.events.replaceChildren(h("h2", {}, "Splits and dividends"), found.actions.length
        ? table("Splits and dividends", ["Ex-date", "What", "Value", asked.currency && `In ${asked.currency}`].filter(Boolean),
          [...found.actions].reverse().map((one) => [
            one.ex_date, `${one.kind}${one.applied === false ? " (announced)" : ""}`, `${one.value} ${one.unit ?? "new for 1"}`,
            ...(asked.currency ? [one.converted ? grouped(one.converted) : one.missing ? reason(one.missing) : ""] : []),
          ]), [2, 3])
        : h("p.dim", {}, "None is stored."));
    });
  }

  async attribution(asked, signal) {
    if (!this.bars?.date.length) return;
    const [from, to] = this.seen();
    await this.context.ask(this.parts, async () => {
      const found = await get(path("returns", this.symbol), {
        currency: asked.currency, from, to, adjust: asked.adjust === "all" ? "all" : "splits", known_at: asked.known_at,
      }, signal);
      const { price, fx, cross, total } = found.attribution;
      this.parts.replaceChildren(h("h2", {}, "Price and currency"),
        h("p", {}, `From ${found.base} to ${found.returns.at(-1)?.date ?? to} in ${found.currency}${found.adjust === "all" ? ", dividends reinvested" : ", without dividends"}:`),
        table("What of the change was price and what currency", ["Price", "Currency", "Both together", "Total"].map((one) => one),
          [[percent(price), percent(fx), percent(cross), percent(total)]], [0, 1, 2, 3]));
    });
  }

  // First and last day in view.
  seen() {
    const { date } = this.bars;
    const last = date.at(-1);
    const days = SPANS.find(([name]) => name === this.span)?.[2];
    if (!days) return [date[0], last];
    const first = new Date(Date.parse(last) - days * 86400000).toISOString().slice(0, 10);
    return [first > date[0] ? first : date[0], last];
  }

  look(name) {
    this.span = name;
    for (const one of this.spans.querySelectorAll("button")) one.setAttribute("aria-pressed", String(one.dataset.span === name));
    this.fit();
    this.remember();
    if (this.bars) this.attribution(this.asked(), this.stop?.signal);
  }

  fit() {
    if (!this.bars?.date.length) return;
    const [first, last] = this.seen();
    this.chart.fit(this.span === "all" ? null : first, last);
  }

  draw() {
    const { bars, chart } = this;
    if (!bars) return;
    chart.days = bars.date;
    const kind = this.kind.value;
    if (this.main?.kind !== kind) {
      if (this.main) { chart.remove(this.main.made); this.marker = null; }
      // The volume first: what is added later is drawn over it.
      this.volume ??= chart.add("histogram", { colour: "volume", scale: "volume", options: { priceFormat: { type: "volume" } } });
      this.main = { kind, made: chart.add(kind) };
      chart.lead = this.main.made;
      this.marker = chart.marks(this.main.made);
    }
    if (!same(this.dates, bars.date)) { // another currency has the same days
      this.dates = bars.date;
      this.stamps = bars.date.map(time);
    }
    const days = this.stamps;
    if (kind === "candle") {
      this.main.made.setData(days.map((at, n) => {
        const close = float(bars.close[n]);
        return Number.isNaN(close) ? { time: at }
          : { time: at, open: float(bars.open[n]) || close, high: float(bars.high[n]) || close, low: float(bars.low[n]) || close, close };
      }));
    } else {
      this.main.made.setData(points(bars.date, bars.close));
    }
    if (this.volumesOf !== days || !same(this.volumes, bars.volume)) {
      this.volumes = bars.volume;
      this.volumesOf = days;
      this.volume.setData(points(bars.date, bars.volume));
    }
    this.drawIndicators();
    this.mark();
    if (this.logged !== this.log.checked) { this.logged = this.log.checked; chart.logarithmic(this.logged); }
    if (this.fitted !== `${days.length} ${this.span}`) { this.fitted = `${days.length} ${this.span}`; this.fit(); }
  }

  drawIndicators() {
    for (const one of this.extra.splice(0).reverse()) this.chart.remove(one);
    const found = this.indicators;
    if (!found) return;
    let pane = 0;
    let colour = 1;
    const names = Object.keys(found).filter((name) => !["symbol", "date", "close", "missing"].includes(name));
    for (const wanted of this.wanted) {
      const mine = names.filter((name) => name === wanted || name.startsWith(wanted.split(":")[0] + "_") || name.startsWith(`${wanted}:`) || name.startsWith(`${wanted}_`) || name.startsWith(`${wanted}.`));
      const below = BELOW.some(([name]) => name === wanted);
      if (below) pane += 1;
      for (const name of mine) {
        const made = this.chart.add(name.endsWith("histogram") ? "histogram" : "line", {
          colour, pane: below ? pane : 0, title: name, width: 1,
        });
        made.setData(points(found.date, found[name], wanted === "drawdown" || wanted.startsWith("volatility") ? 100 : 1));
        this.extra.push(made);
        colour += 1;
      }
    }
    this.chart.heights([4]);
  }

  // Splits and dividends, on the session at or after their day.
  mark() {
    if (!this.marker || !this.bars || !this.actions) return;
    const { date } = this.bars;
    const colours = palette();
    const marks = this.actions.filter((one) => one.ex_date >= date[0] && one.ex_date <= date.at(-1)).map((one) => ({
      time: time(date.find((each) => each >= one.ex_date)),
      position: one.kind === "dividend" ? "belowBar" : "aboveBar",
      shape: one.kind === "dividend" ? "circle" : "square",
      color: one.kind === "dividend" ? colours.series[1] : colours.series[2],
      text: one.kind === "dividend" ? "D" : `${one.kind === "split" ? "Split" : "Spin-off"} ${one.value}`,
    }));
    this.marker.setMarkers(marks);
  }

  words(n) {
    const { date, close, missing } = this.bars;
    return close[n] ? `${date[n]}: ${money(close[n])} ${this.asked().currency || this.one?.unit || ""}` : `${date[n]}: ${reason(missing[n])}`;
  }

  async receipt(day) {
    const asked = this.asked();
    this.side.replaceChildren(h("h2", {}, `Receipt of ${day}`), h("p.dim", {}, "…"));
    await this.context.ask(this.side, async () => {
      const words = { ...asked, from: day, to: day, interval: "1d" };
      const [found, raw] = await Promise.all([
        get(path("prices", this.symbol), { ...words, receipts: "true" }, this.context.signal),
        get(path("prices", this.symbol), { from: day, to: day, adjust: asked.adjust, known_at: asked.known_at }, this.context.signal),
      ]);
      const [bar] = found.prices;
      const [traded] = raw.prices;
      const words2 = ["open", "high", "low", "close", "volume"].map((name) => [name[0].toUpperCase() + name.slice(1),
        `${grouped(bar[name])}${name === "volume" || !bar[name] ? "" : ` ${found.currency}`}`]);
      this.side.replaceChildren(h("h2", {}, `Receipt of ${day}`),
        bar.receipt ? receipt(bar.receipt, traded.close, bar.close)
          : h("p", {}, bar.missing ? `It cannot be converted: ${reason(bar.missing)}.` : `As listed, in ${found.listing_unit}: nothing was converted.`),
        facts(words2),
        h("p.dim", {}, { none: "As traded.", splits: "Without splits.", all: "Without splits, dividends reinvested." }[asked.adjust]));
    });
  }

  listed(open) {
    if (!open) return;
    if (!this.grid) {
      const names = ["open", "high", "low", "close", "volume"];
      this.grid = new Grid({
        caption: `Bars of ${this.symbol}`, sorted: { name: "date", down: true },
        columns: [
          { name: "date", title: "Date", sort: (n) => n, cell: (n) => h("button.small", { type: "button", onclick: () => this.receipt(this.bars.date[n]) }, this.bars.date[n]) },
          ...names.map((name) => ({ name, title: name[0].toUpperCase() + name.slice(1), number: true, wide: name !== "close",
            cell: (n) => (this.bars[name][n] ? grouped(this.bars[name][n]) : name === "close" ? reason(this.bars.missing[n]) : "") })),
          { name: "rate", title: "Rate", number: true, wide: true, cell: (n) => this.bars.rate?.[n] ?? "" },
          { name: "rate_date", title: "Rate of", widest: true, cell: (n) => this.bars.rate_date?.[n] ?? "" },
        ],
      });
      this.tablePlace.replaceChildren(this.grid.element);
    }
    this.grid.fill(this.bars.date.map((one, n) => n));
  }

  save(format) {
    const asked = this.asked();
    const place = h("p", { role: "status" });
    this.place.replaceChildren(place);
    this.context.ask(place, () => download(path("prices", this.symbol), { ...asked, format }, `${this.symbol}.${format}`));
  }

  home() {
    this.currency.options[0].textContent = `Home (${state.home})`;
    if (this.currency.value === "home") this.load();
  }

  close() {
    this.stop?.abort();
    this.grid?.close();
    this.chart.close();
  }
}
