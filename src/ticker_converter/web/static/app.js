// The page: asks the API and shows what it says. Every text from outside goes in by textContent.

const PAGE = 250;
const ask = document.querySelector("#ask");
const message = document.querySelector("#message");
const answer = document.querySelector("#answer");
const rows = document.querySelector("#rows");
const more = document.querySelector("#more");
let shown = 0; // counts questions, so that a late answer to an old one is dropped
let bars = []; // of the answer on the page, newest first
let drawn = 0;

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined && text !== null) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function say(text, wrong = false) {
  message.textContent = text;
  message.className = wrong ? "wrong" : "";
}

// Numbers stay as the server wrote them: JavaScript's own would lose digits.
function exactJson(text) {
  return JSON.parse(text, (key, value, context) =>
    typeof value === "number" && context?.source !== undefined ? context.source : value);
}

async function get(address) {
  let response;
  try {
    response = await fetch(address, { headers: { Accept: "application/json" } });
  } catch {
    throw new Error("The server does not answer: is `ticker-converter serve` running?");
  }
  const found = exactJson(await response.text());
  if (!response.ok) throw new Error(`${found.title}: ${found.detail}`);
  return found;
}

function grouped(number) {
  if (number === null || number === undefined) return "";
  const [whole, ...rest] = String(number).split(".");
  return /^-?\d+$/.test(whole) ? [whole.replace(/\B(?=(\d{3})+$)/g, ","), ...rest].join(".") : String(number);
}

function fact(list, name, value) {
  list.append(element("dt", name), element("dd", value));
}

function leg(one) {
  const use = { direct: "as published", inverse: "inverted", legal: "fixed by law", peg: "pegged" }[one.use] ?? one.use;
  return `${one.base}/${one.quote} = ${one.rate}, ${one.source} of ${one.date}, ${use}`;
}

function receiptRow(receipt) {
  const list = element("dl");
  const { from, to, unit } = receipt;
  fact(list, "Rate", `${receipt.rate} (${receipt.source}${receipt.rate_date ? ` of ${receipt.rate_date}, ${receipt.age_days} days old` : ""})`);
  for (const one of receipt.legs ?? []) fact(list, "Leg", leg(one));
  fact(list, "Formula", `${to} = ${from} ÷ ${unit.from_per} × rate × ${unit.to_per}`);
  if (receipt.known_at) fact(list, "As known at", receipt.known_at);
  const row = element("tr");
  const cell = element("td", null, "receipt");
  cell.colSpan = 8;
  cell.append(list);
  row.append(cell);
  return row;
}

function barRow(bar) {
  const row = element("tr");
  row.append(element("td", bar.date + (bar.partial ? " (so far)" : "")));
  if (bar.missing) {
    const why = { no_rate: "no rate", rate_too_old: "the last rate is too old", no_dividend_rate: "no rate for a dividend" };
    const cell = element("td", why[bar.missing] ?? bar.missing, "missing");
    cell.colSpan = 7;
    row.append(cell);
    return row;
  }
  for (const name of ["open", "high", "low", "close", "volume"]) row.append(element("td", grouped(bar[name])));
  row.append(element("td", bar.rate ?? ""));
  const cell = element("td");
  if (bar.receipt) {
    const button = element("button", "show");
    button.type = "button";
    button.setAttribute("aria-expanded", "false");
    button.setAttribute("aria-label", `Receipt of ${bar.date}`);
    button.addEventListener("click", () => {
      const open = button.getAttribute("aria-expanded") === "true";
      if (open) row.nextElementSibling.remove();
      else row.after(receiptRow(bar.receipt));
      button.setAttribute("aria-expanded", String(!open));
      button.textContent = open ? "show" : "hide";
    });
    cell.append(button);
  }
  row.append(cell);
  return row;
}

function draw() {
  const next = bars.slice(drawn, drawn + PAGE);
  rows.append(...next.map(barRow));
  drawn += next.length;
  more.hidden = drawn >= bars.length;
  more.textContent = `Earlier (${bars.length - drawn})`;
}

async function show() {
  const words = new FormData(ask);
  const symbol = String(words.get("symbol")).trim();
  if (!symbol) return;
  const query = new URLSearchParams();
  for (const name of ["currency", "from", "to", "adjust", "interval"]) {
    const value = String(words.get(name)).trim();
    if (value) query.set(name, value);
  }
  const number = ++shown;
  history.replaceState(null, "", `?symbol=${encodeURIComponent(symbol)}&${query}`);
  if (query.has("currency")) query.set("receipts", "true");
  say("Loading …");
  try {
    const found = await get(`/v1/prices/${encodeURIComponent(symbol)}?${query}`);
    if (number !== shown) return;
    document.querySelector("#title").textContent = `${found.symbol} in ${found.currency}`;
    const basis = { none: "as traded", splits: "adjusted for splits", all: "adjusted for splits and dividends" };
    document.querySelector("#subtitle").textContent = `Listed in ${found.listing_unit}, ${basis[found.adjust]}.`;
    bars = found.prices.reverse();
    drawn = 0;
    rows.replaceChildren();
    draw();
    answer.hidden = false;
    say(`${bars.length} rows`);
  } catch (error) {
    if (number !== shown) return;
    answer.hidden = true;
    say(error.message, true);
  }
}

async function start() {
  for (const [name, value] of new URLSearchParams(location.search)) {
    if (ask.elements[name]) ask.elements[name].value = value;
  }
  try {
    const listed = await get("/v1/instruments");
    const options = (texts) => texts.map((text) => Object.assign(element("option"), { value: text }));
    document.querySelector("#symbols").append(...options(listed.map((one) => one.symbol)));
    const units = listed.flatMap((one) => [one.unit, one.currency]).filter(Boolean);
    const currencies = new Set(["EUR", "USD", "GBP", "JPY", "CHF", ...units]);
    document.querySelector("#currencies").append(...options([...currencies].sort()));
    if (!listed.length) say("Nothing is stored yet: `ticker-converter demo` loads a sample, `import prices` your own files.");
    else if (!ask.elements.symbol.value) ask.elements.symbol.value = listed[0].symbol;
  } catch (error) {
    say(error.message, true);
    return;
  }
  await show();
}

ask.addEventListener("submit", (event) => {
  event.preventDefault();
  show();
});
more.addEventListener("click", draw);
start();
