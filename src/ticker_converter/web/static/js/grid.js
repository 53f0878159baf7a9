// A table of any number of rows, of which only those in view are in the page.

import { h } from "./dom.js";

const HEIGHT = 44; // of a row, as in style.css
const MORE = 8; // rows beyond what is seen

// columns: [{ name, title, cell(row) -> text or node, number, sort(row) -> comparable, wide }]
export class Grid {
  constructor({ caption, columns, opened = null, sorted = null }) {
    this.columns = columns;
    this.rows = [];
    this.shown = [];
    this.opened = opened;
    this.order = sorted ?? { name: columns[0].name, down: false };
    this.first = -1;
    this.body = h("tbody");
    this.head = columns.map((one) => {
      const th = h("th", { scope: "col", class: kind(one) });
      if (one.sort) {
        th.append(h("button.sort", { type: "button", onclick: () => this.sort(one.name) }, one.title));
      } else th.textContent = one.title;
      return th;
    });
    this.table = h("table", { "aria-rowcount": "1" },
      h("caption.hidden", {}, caption), h("thead", {}, h("tr", { "aria-rowindex": "1" }, this.head)), this.body);
    this.element = h("div.grid", { tabindex: "0", role: "region", "aria-label": caption }, this.table);
    this.element.addEventListener("scroll", () => this.#draw(), { passive: true });
    this.watching = new ResizeObserver(() => this.#draw());
    this.watching.observe(this.element);
  }

  fill(rows) {
    this.rows = rows;
    this.#arrange();
  }

  sort(name) {
    this.order = { name, down: this.order.name === name ? !this.order.down : false };
    this.element.scrollTop = 0;
    this.#arrange();
  }

  #arrange() {
    const { name, down } = this.order;
    const column = this.columns.find((one) => one.name === name);
    this.head.forEach((th, n) => {
      const mine = this.columns[n].name === name;
      if (mine) th.setAttribute("aria-sort", down ? "descending" : "ascending");
      else th.removeAttribute("aria-sort");
    });
    const keyed = this.rows.map((row) => [column.sort(row), row]);
    keyed.sort(([a], [b]) => {
      const none = (a === null || Number.isNaN(a)) - (b === null || Number.isNaN(b)); // what is not there comes last
      return none || (a < b ? -1 : a > b ? 1 : 0) * (down ? -1 : 1);
    });
    this.shown = keyed.map(([, row]) => row);
    this.table.setAttribute("aria-rowcount", String(this.shown.length + 1));
    this.first = -1;
    this.#draw();
  }

  #draw() {
    const first = Math.max(0, Math.floor(this.element.scrollTop / HEIGHT) - MORE);
    const number = Math.ceil(this.element.clientHeight / HEIGHT) + 2 * MORE;
    if (first === this.first && number === this.number) return;
    this.first = first;
    this.number = number;
    const last = Math.min(this.shown.length, first + number);
    const focused = this.body.contains(document.activeElement) ? document.activeElement.closest("tr")?.dataset.n : null;
    const rows = [];
    for (let n = first; n < last; n += 1) rows.push(this.#row(n));
    this.body.replaceChildren(space(first), ...rows, space(this.shown.length - last));
    if (focused) this.body.querySelector(`tr[data-n="${focused}"] a, tr[data-n="${focused}"] button`)?.focus({ preventScroll: true });
  }

  #row(n) {
    const row = this.shown[n];
    const made = h("tr", { "aria-rowindex": String(n + 2), "data-n": String(n) }, this.columns.map((one, c) => {
      const cell = one.cell(row);
      return h(c === 0 ? "th" : "td", { scope: c === 0 ? "row" : null, class: kind(one) }, cell);
    }));
    if (this.opened) made.addEventListener("click", (event) => { if (!event.target.closest("a, button")) this.opened(row); });
    return made;
  }

  close() { this.watching.disconnect(); }
}

function kind(column) {
  return [column.number && "number", column.wide && "wide-only", column.widest && "widest-only"].filter(Boolean).join(" ") || null;
}

function space(rows) {
  const made = h("tr.space", { "aria-hidden": "true" });
  made.style.height = `${rows * HEIGHT}px`;
  return made;
}
