// Several instruments rebased to 100 on their first common session, in one home currency or several, and what of it was
// the currency alone. The curves are scaled for drawing; the figures of the table are the server's.

import { get, path, series } from "../api.js";
import { Chart, points } from "../chart.js";
import { field, h, select, table } from "../dom.js";
import { float, percent } from "../exact.js";
import { state } from "../state.js";

const MOST = 12; // curves of a chart that can be told apart

function list(text) {
  return [...new Set(text.split(/[\s,;]+/).filter(Boolean))];
}

export function show(root, context) {
  const given = context.parameters.query;
  const symbols = h("input", { name: "symbols", value: given.get("symbols") ?? "", placeholder: "AAPL, BARC.L", autocomplete: "off", spellcheck: "false", size: "28" });
  const currencies = h("input", { name: "in", value: given.get("in") ?? "", placeholder: `home (${state.home}), or EUR, USD`, autocomplete: "off", spellcheck: "false", size: "22" });
  const from = h("input", { type: "date", name: "from", value: given.get("from") ?? "" });
  const to = h("input", { type: "date", name: "to", value: given.get("to") ?? "" });
  const adjust = select("adjust", [["splits", "without dividends"], ["all", "total return"]], given.get("adjust") ?? "splits");
  const place = h("div.place");
  const whole = new Chart({ label: "Instruments rebased to 100" });
  const part = new Chart({ label: "The currency part of it, rebased to 100", height: "middle" });
  const legend = h("ul.legend");
  const figures = h("div");
  let stop = null;
  let drawn = [];

  root.append(h("h1", {}, "Compare"),
    h("form.controls", { onsubmit: (event) => { event.preventDefault(); load(); } },
      field("Symbols", symbols), field("Home currencies", currencies), field("From", from), field("To", to), field("Dividends", adjust),
      h("button.primary", {}, "Compare")),
    place, legend,
    h("h2", {}, "In the home currency, first common session = 100"), whole.element,
    h("h2", {}, "The currency alone, same day = 100"), part.element, figures);

  async function load() {
    stop?.abort();
    stop = new AbortController();
    const { signal } = stop;
    const wanted = list(symbols.value);
    const codes = list(currencies.value);
    const homes = codes.length ? codes : [state.home];
    currencies.placeholder = `home (${state.home}), or EUR, USD`;
    if (!wanted.length) {
      await context.ask(place, async () => {
        const found = await get("/v1/watch", { currency: state.home, limit: 3, bars: 0 }, signal);
        symbols.value = found.watch.filter((one) => one.date).map((one) => one.symbol).join(", ");
        place.replaceChildren(h("p", {}, found.watch.length ? "" : "Nothing is stored yet: the watch list says how to bring data."));
      });
      if (!list(symbols.value).length) return;
      return load();
    }
    const pairs = wanted.flatMap((symbol) => homes.map((currency) => ({ symbol, currency })));
    if (pairs.length > MOST) {
      place.replaceChildren(h("p.problem", { role: "alert" }, `${pairs.length} curves are too many to be told apart: name fewer symbols or currencies, ${MOST} curves at most.`));
      return;
    }
    context.remember({ symbols: wanted.join(","), in: codes.join(","), from: from.value, to: to.value, adjust: adjust.value === "splits" ? "" : adjust.value });
    await context.ask(place, async () => {
      const words = { from: from.value, to: to.value, adjust: adjust.value };
      const [curves, told] = await Promise.all([
        Promise.all(pairs.map((one) => series(path("prices", one.symbol), { ...words, currency: one.currency }, signal))),
        Promise.all(pairs.map((one) => get(path("returns", one.symbol), { ...words, currency: one.currency }, signal))),
      ]);
      place.replaceChildren();
      draw(pairs, curves);
      put(pairs, told);
    });
  }

  function draw(pairs, curves) {
    for (const [chart, made] of drawn) chart.remove(made);
    drawn = [];
    const good = (curve, n) => Number.isFinite(float(curve.close[n]));
    const firsts = curves.map((curve) => curve.date.find((one, n) => good(curve, n))).filter(Boolean);
    const first = firsts.sort().at(-1) ?? "";
    legend.replaceChildren(...pairs.map((one, n) => h(`li.s${n % 8}`, {}, `${one.symbol} in ${one.currency}`)));
    pairs.forEach((one, n) => {
      const curve = curves[n];
      const base = curve.date.findIndex((each, i) => each >= first && good(curve, i));
      if (base < 0) return;
      const dashed = n >= 8;
      const made = whole.add("line", { colour: n, title: pairs.length > 1 ? `${one.symbol} ${one.currency}` : "", dashed });
      made.setData(points(curve.date.slice(base), curve.close.slice(base), 100 / float(curve.close[base])));
      const alone = part.add("line", { colour: n, title: pairs.length > 1 ? `${one.symbol} ${one.currency}` : "", dashed });
      alone.setData(points(curve.date.slice(base), curve.rate.slice(base), 100 / float(curve.rate[base])));
      drawn.push([whole, made], [part, alone]);
    });
    whole.fit();
    part.fit();
  }

  function put(pairs, told) {
    figures.replaceChildren(h("h2", {}, "Of the whole span of each"),
      table("Returns in parts", ["Symbol", "In", "From", "To", "Price", "Currency", "Both together", "Total"],
        pairs.map((one, n) => {
          const { price, fx, cross, total } = told[n].attribution;
          return [h("a", { href: `#/instrument/${encodeURIComponent(one.symbol)}?in=${one.currency}` }, one.symbol), one.currency, told[n].base,
            told[n].returns.at(-1)?.date ?? "", percent(price), percent(fx), percent(cross), percent(total)];
        }), [4, 5, 6, 7]));
  }

  load();
  return { home: load, close: () => { stop?.abort(); whole.close(); part.close(); } };
}
