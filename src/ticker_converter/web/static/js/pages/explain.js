// Why did my number change: two days, or two times of knowing one day, and the parts that add up to the difference.

import { get, path } from "../api.js";
import { facts, field, h, select, svg, table } from "../dom.js";
import { direction, float, grouped } from "../exact.js";
import { state } from "../state.js";
import { moment } from "../words.js";

const PARTS = [
  ["price", "Price", "the price moved"], ["fx", "Currency", "the rate moved"], ["cross", "Both together", "price and rate moved at once"],
  ["action", "Splits, dividends", "an action between, or one that was learned of"],
  ["price_revision", "Price corrected", "the provider or a person corrected the price"],
  ["rate_revision", "Rate corrected", "another rate is used now"],
];

export function show(root, context) {
  const given = context.parameters.query;
  const symbol = h("input", { name: "symbol", value: given.get("symbol") ?? "", list: "symbols", required: true, autocomplete: "off", spellcheck: "false", size: "10" });
  const list = h("datalist", { id: "symbols" });
  const mode = select("mode", [["days", "two days"], ["known", "two times of knowing"]], given.get("on") ? "known" : "days");
  const from = h("input", { type: "date", name: "from", value: given.get("from") ?? "" });
  const to = h("input", { type: "date", name: "to", value: given.get("to") ?? "" });
  const on = h("input", { type: "date", name: "on", value: given.get("on") ?? "" });
  const [k1, k2] = given.getAll("known_at");
  const first = h("select", { name: "first" });
  const second = h("select", { name: "second" });
  const adjust = select("adjust", [["none", "as traded"], ["splits", "without splits"], ["all", "total return"]], given.get("adjust") ?? "none");
  const days = [field("From", from), field("To", to)];
  const known = [field("Day", on), field("Known then", first), field("Known now", second)];
  const place = h("div.place");
  const result = h("div", { "aria-live": "polite" });
  let stop = null;

  root.append(h("h1", {}, "Explain a change"),
    h("form.controls", { onsubmit: (event) => { event.preventDefault(); load(); } },
      field("Symbol", symbol), list, field("Between", mode), days, known, field("Prices", adjust), h("button.primary", {}, "Explain")),
    place, result);

  function modes() {
    for (const one of days) one.hidden = mode.value !== "days";
    for (const one of known) one.hidden = mode.value !== "known";
  }

  // Days and times that the symbol has, where none were given.
  async function prepare() {
    const name = symbol.value.trim();
    if (!name) return;
    const [one, times] = await Promise.all([get(path("instruments", name), {}, stop.signal), get(path("known", name), { limit: 500 }, stop.signal)]);
    from.value ||= one.first_session ?? "";
    to.value ||= one.last_session ?? "";
    on.value ||= one.last_session ?? "";
    const options = () => times.times.map((each) => h("option", { value: each.known_at }, moment(each.known_at)));
    if (first.dataset.of !== name) {
      first.replaceChildren(...options());
      second.replaceChildren(...options());
      if (k1) first.value = k1;
      else first.selectedIndex = first.options.length - 1;
      if (k2) second.value = k2;
      first.dataset.of = name;
    }
  }

  async function load() {
    stop?.abort();
    stop = new AbortController();
    if (!symbol.value.trim()) return;
    await context.ask(place, async () => {
      await prepare();
      const name = symbol.value.trim();
      const words = mode.value === "days" ? { from: from.value, to: to.value } : { on: on.value, known_at: [first.value, second.value] };
      const found = await get(path("explain", name), { currency: state.home, adjust: adjust.value, ...words }, stop.signal);
      place.replaceChildren();
      context.remember(mode.value === "days" ? { symbol: name, from: from.value, to: to.value, adjust: adjust.value === "none" ? "" : adjust.value } : { symbol: name, on: on.value });
      put(found);
    });
  }

  function put(found) {
    const side = (one) => facts([
      ["Day", one.on], ["Session", one.session], one.known_at && ["As known at", moment(one.known_at)], ["Price as traded", grouped(one.price)],
      ["Factor", one.factor], ["Rate", `${one.rate}${one.rate_date ? ` of ${one.rate_date}` : ""}, ${one.source}`],
      ["Value", `${grouped(one.value)} ${state.home}`],
    ]);
    result.replaceChildren(
      h("p.big", {}, `${grouped(found.from.value)} → ${grouped(found.to.value)} ${state.home}`),
      h("div.card", {}, waterfall(found)),
      table(`What the change is made of`, ["Part", `In ${state.home}`, "Which means"],
        [...PARTS.map(([name, title, why]) => [title, h("span", { class: direction(found.parts[name]) || null }, signed(found.parts[name])), why]),
          ["Change", signed(found.change), "the sum of the parts, to the last digit"]], [1]),
      h("div.columns.two", {}, h("div.card", {}, h("h2", {}, "Before"), side(found.from)), h("div.card", {}, h("h2", {}, "After"), side(found.to))));
  }

  mode.addEventListener("change", () => { modes(); load(); });
  symbol.addEventListener("change", () => { for (const one of [from, to, on]) one.value = ""; load(); });
  modes();
  context.ask(place, async () => {
    const found = await get("/v1/watch", { currency: state.home, limit: 500, bars: 0 }, context.signal);
    list.append(...found.watch.map((one) => h("option", { value: one.symbol }, one.name ?? "")));
    symbol.value ||= found.watch.find((one) => one.date)?.symbol ?? "";
    place.replaceChildren(h("p", {}, found.watch.length ? "" : "Nothing is stored yet: the watch list says how to bring data."));
    await load();
  });
  return { home: load, close: () => stop?.abort() };
}

function signed(text) {
  return `${direction(text) === "up" ? "+" : ""}${grouped(text)}`;
}

// From the first value by the six parts to the second; heights are floats, the figures are the answer's.
function waterfall(found) {
  const steps = [["Before", found.from.value, 0, true], ...PARTS.map(([name, title]) => [title, found.parts[name], 0, false]), ["After", found.to.value, 0, true]];
  let level = 0;
  const bars = steps.map(([title, text, , whole]) => {
    const value = float(text);
    const bar = whole ? [0, value] : [level, level + value];
    level = bar[1];
    return { title, text, whole, low: Math.min(...bar), high: Math.max(...bar), value };
  });
  const high = Math.max(...bars.map((one) => one.high), 0);
  const low = Math.min(...bars.map((one) => one.low), 0);
  const [width, height, top, row] = [960, 300, 24, 960 / bars.length];
  const y = (value) => top + ((high - value) / (high - low || 1)) * (height - top - 8);
  const made = svg("svg", { viewBox: `0 0 ${width} ${height + 48}`, class: "plain", role: "img",
    "aria-label": `Waterfall: ${steps.map(([title, text]) => `${title} ${signed(text)}`).join(", ")}` });
  made.append(svg("line", { x1: 0, x2: width, y1: y(0), y2: y(0), class: "axis" }));
  bars.forEach((one, n) => {
    const x = n * row;
    made.append(
      svg("rect", { x: x + 12, width: row - 24, y: y(one.high), height: Math.max(1, y(one.low) - y(one.high)), class: one.whole ? "whole" : one.value < 0 ? "minus" : "plus" }),
      svg("text", { x: x + row / 2, y: y(one.high) - 6, "text-anchor": "middle" }, signed(one.text).slice(0, 14)),
      svg("text", { x: x + row / 2, y: height + 24, "text-anchor": "middle" }, one.title));
    if (n < bars.length - 1) {
      const end = one.whole ? one.value : one.value < 0 ? one.low : one.high;
      made.append(svg("line", { x1: x + row - 12, x2: x + row + 12, y1: y(end), y2: y(end), class: "axis" }));
    }
  });
  return h("div.wide", { tabindex: "0", role: "region", "aria-label": "Waterfall" }, made);
}
