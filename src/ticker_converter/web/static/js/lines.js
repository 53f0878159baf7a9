// The same question as a line of curl, of the command and of Python.

import { address } from "./api.js";
import { copyable, h } from "./dom.js";

// words: {currency, from, to, adjust, interval, known_at}
export function lines(symbol, words) {
  const query = address(`/v1/prices/${encodeURIComponent(symbol)}`, words);
  const flags = { currency: "--in", from: "--from", to: "--to", adjust: "--adjust", interval: "--interval", known_at: "--known-at" };
  const named = { currency: "currency", from: "since", to: "until", adjust: "adjust", interval: "interval", known_at: "known_at" };
  const given = Object.entries(words).filter(([, value]) => value);
  return h("div.lines", {},
    copyable("curl", `curl -s '${location.origin}${query}'`),
    copyable("command", ["ticker-converter prices", symbol, ...given.map(([name, value]) => `${flags[name]} ${value}`)].join(" ")),
    copyable("Python", `ticker_converter.connect().prices(${[`"${symbol}"`, ...given.map(([name, value]) => `${named[name]}="${value}"`)].join(", ")})`));
}
