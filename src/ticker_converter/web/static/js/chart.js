// A chart of series over sessions, drawn by lightweight-charts. Its figures are floats, for drawing; what is read out or
// shown as a number comes from the answer's text.

import {
  AreaSeries, BarSeries, CandlestickSeries, ColorType, createChart, createSeriesMarkers, CrosshairMode, HistogramSeries,
  LineSeries, PriceScaleMode,
} from "../vendor/lightweight-charts/lightweight-charts.js";
import { h } from "./dom.js";
import { float } from "./exact.js";
import { isDark, listen } from "./state.js";

export const KINDS = { area: AreaSeries, bar: BarSeries, candle: CandlestickSeries, histogram: HistogramSeries, line: LineSeries };

const LIGHT = {
  page: "#ffffff", ink: "#4a5751", line: "#e6ebe8", up: "#0b6e4f", down: "#b3261e", volume: "#b9c6bf",
  series: ["#0b6e4f", "#1d5fa8", "#a04a00", "#7a3fa0", "#8a6d00", "#b0256b", "#2d6a7d", "#555555"],
};
const DARK = {
  page: "#1a211e", ink: "#a9b7b0", line: "#2a332f", up: "#4fc79a", down: "#ff8a82", volume: "#46544d",
  series: ["#4fc79a", "#7db4f0", "#f0a060", "#c79be8", "#dcc25a", "#f08ab8", "#7cc7dc", "#bbbbbb"],
};

export function palette() {
  return isDark() ? DARK : LIGHT;
}

// A day as the library's time.
export function time(day) {
  return Date.UTC(Number(day.slice(0, 4)), Number(day.slice(5, 7)) - 1, Number(day.slice(8, 10))) / 1000;
}

export function day(at) {
  return new Date(at * 1000).toISOString().slice(0, 10);
}

// Points of two columns of text. Days without a value are no points, and no line is drawn over them: the library would
// join what is before to what is after.
export function points(days, values, scale = 1) {
  const found = values.map(float);
  return days.map((one, n) => {
    if (!Number.isFinite(found[n])) return { time: time(one) };
    const point = { time: time(one), value: found[n] * scale };
    return n + 1 < days.length && !Number.isFinite(found[n + 1]) ? { ...point, ...NOTHING } : point;
  });
}
const CLEAR = "rgba(0, 0, 0, 0)";
const NOTHING = { color: CLEAR, lineColor: CLEAR, topColor: CLEAR, bottomColor: CLEAR };

const AXIS = new Intl.NumberFormat("en", { maximumSignificantDigits: 7 });
const SMALL = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
function shown(value) {
  return Math.abs(value) >= 1 || value === 0 ? SMALL.format(value) : AXIS.format(Number(value.toPrecision(4)));
}

// A chart in a new element. `label` is what a screen reader calls it; `read(index)` gives the words of a point, when the
// arrow keys go from one to the next; `chosen(day)` is called at a click or Enter.
export class Chart {
  constructor({ label, height = "tall", read = null, chosen = null, days = null }) {
    this.canvas = h("div.canvas", { "aria-hidden": "true" });
    this.told = h("p.told", { "aria-live": "polite" });
    this.element = h(`div.chart.${height}`, {}, this.canvas);
    if (read) {
      Object.entries({ tabindex: "0", role: "group", "aria-roledescription": "chart" })
        .forEach(([name, value]) => this.element.setAttribute(name, value));
      this.element.addEventListener("keydown", (event) => this.#key(event));
    } else {
      this.element.setAttribute("role", "img");
    }
    this.element.setAttribute("aria-label", read ? `${label}. Arrow keys go from point to point, Enter shows the receipt.` : label);
    this.read = read;
    this.chosen = chosen;
    this.days = days ?? [];
    this.at = -1;
    this.series = [];
    this.chart = createChart(this.canvas, {
      autoSize: true,
      crosshair: { mode: CrosshairMode.Normal },
      handleScroll: { mouseWheel: false, vertTouchDrag: false },
      handleScale: { mouseWheel: false, pinch: true },
      localization: { priceFormatter: shown, timeFormatter: day },
      layout: { attributionLogo: false, fontFamily: "system-ui, sans-serif", fontSize: 12, panes: { enableResize: false } },
      rightPriceScale: { borderVisible: false },
      timeScale: { borderVisible: false, minBarSpacing: 0.02, lockVisibleTimeRangeOnResize: true },
    });
    this.paint();
    this.unlisten = listen("theme", () => this.paint());
    // Ctrl and the wheel zoom; the wheel alone scrolls the page, as everywhere.
    this.element.addEventListener("wheel", (event) => {
      if (event.ctrlKey) { event.preventDefault(); this.zoom(event.deltaY > 0 ? 1.25 : 0.8); }
    }, { passive: false });
    this.chart.subscribeClick((event) => {
      if (event.time === undefined) return;
      this.at = this.days.indexOf(day(event.time));
      if (this.chosen) this.chosen(day(event.time));
    });
  }

  paint() {
    const colours = palette();
    this.chart.applyOptions({
      layout: { background: { type: ColorType.Solid, color: colours.page }, textColor: colours.ink, panes: { separatorColor: colours.line } },
      grid: { vertLines: { color: colours.line }, horzLines: { color: colours.line } },
    });
    for (const one of this.series) one.made.applyOptions(one.colours(colours));
  }

  // kind: of KINDS; colour: number of the palette's series, or a name of it.
  add(kind, { colour = 0, pane = 0, title = "", scale = null, width = 2, dashed = false, options = {} } = {}) {
    const name = (colours) => (typeof colour === "number" ? colours.series[colour % colours.series.length] : colours[colour]);
    const coloursOf = (colours) => {
      if (kind === "candle") {
        return { upColor: colours.up, downColor: colours.down, wickUpColor: colours.up, wickDownColor: colours.down, borderVisible: false };
      }
      if (kind === "area") return { lineColor: name(colours), topColor: `${name(colours)}44`, bottomColor: `${name(colours)}08` };
      return { color: name(colours) };
    };
    const made = this.chart.addSeries(KINDS[kind], {
      title, lineWidth: width, lineStyle: dashed ? 2 : 0, priceLineVisible: false, lastValueVisible: kind !== "histogram",
      ...(scale ? { priceScaleId: scale } : {}), ...coloursOf(palette()), ...options,
    }, pane);
    if (scale) made.priceScale().applyOptions({ scaleMargins: { top: 0.85, bottom: 0 } });
    const entry = { made, colours: coloursOf };
    this.series.push(entry);
    return made;
  }

  remove(made) {
    this.series = this.series.filter((one) => one.made !== made);
    this.chart.removeSeries(made);
  }

  marks(series) {
    return createSeriesMarkers(series, []);
  }

  logarithmic(on) {
    this.chart.priceScale("right").applyOptions({ mode: on ? PriceScaleMode.Logarithmic : PriceScaleMode.Normal });
  }

  heights(factors) {
    this.chart.panes().forEach((pane, n) => pane.setStretchFactor(factors[n] ?? 1));
  }

  fit(first = null, last = null) {
    if (first && last) this.chart.timeScale().setVisibleRange({ from: time(first), to: time(last) });
    else this.chart.timeScale().fitContent();
  }

  zoom(factor) {
    const scale = this.chart.timeScale();
    const range = scale.getVisibleLogicalRange();
    if (!range) return;
    const half = ((range.to - range.from) * factor) / 2;
    const middle = (range.from + range.to) / 2;
    scale.setVisibleLogicalRange({ from: middle - half, to: middle + half });
  }

  #key(event) {
    const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -20, PageDown: 20, Home: -Infinity, End: Infinity };
    if (event.key === "Enter" && this.at >= 0) { this.chosen?.(this.days[this.at]); return; }
    if (event.key === "+" || event.key === "-") { this.zoom(event.key === "+" ? 0.8 : 1.25); return; }
    if (!(event.key in steps) || !this.days.length) return;
    event.preventDefault();
    const from = this.at < 0 ? this.days.length : this.at;
    this.at = Math.max(0, Math.min(this.days.length - 1, from + steps[event.key]));
    this.told.textContent = this.read(this.at);
    const where = this.lead ?? this.series[0]?.made;
    const value = where?.data()[this.at];
    if (value) this.chart.setCrosshairPosition(value.value ?? value.close ?? 0, value.time, where);
  }

  close() {
    this.unlisten();
    this.chart.remove();
  }
}

// A small curve without axes. `label` says what it is.
export function spark(values, label) {
  const found = (values ?? []).map(float).filter(Number.isFinite);
  const NS = "http://www.w3.org/2000/svg";
  const made = document.createElementNS(NS, "svg");
  made.setAttribute("viewBox", "0 0 100 28");
  made.setAttribute("class", "spark");
  made.setAttribute("preserveAspectRatio", "none");
  if (label) { made.setAttribute("role", "img"); made.setAttribute("aria-label", label); } else made.setAttribute("aria-hidden", "true");
  if (found.length > 1) {
    const low = Math.min(...found);
    const span = Math.max(...found) - low || 1;
    const line = document.createElementNS(NS, "polyline");
    line.setAttribute("points", found.map((one, n) =>
      `${((n * 100) / (found.length - 1)).toFixed(1)},${(26 - ((one - low) * 24) / span).toFixed(1)}`).join(" "));
    line.setAttribute("class", found.at(-1) < found[0] ? "down" : "up");
    made.append(line);
  }
  return made;
}
