// Numbers as the server wrote them. JavaScript's own numbers lose digits, so amounts stay text: they are grouped and
// rounded as text. `float` is for drawing alone.

const NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
let sourced = false; // whether this browser's JSON.parse tells the text of a number
JSON.parse("1", (key, value, context) => { sourced = context?.source === "1"; });

// A JSON document with every number as its text.
export function exactJson(text) {
  if (sourced) {
    return JSON.parse(text, (key, value, context) => (typeof value === "number" ? context.source : value));
  }
  return JSON.parse(text.replace(NUMBER, (found) => (found[0] === '"' ? found : `"${found}"`)));
}

// CSV as columns: {name: [text, …]}. A series comes so: it is read several times faster than JSON.
export function exactCsv(text) {
  const lines = text.includes('"') ? quoted(text) : text.trimEnd().split("\n").map((line) => line.split(","));
  const [names, ...rows] = lines;
  return Object.fromEntries(names.map((name, n) => [name, rows.map((row) => row[n])]));
}

function quoted(text) {
  const rows = [[]];
  for (const [, plain, inside, end] of text.matchAll(/(?:([^",\n]*)|"((?:[^"]|"")*)")(,|\n|$)/g)) {
    rows.at(-1).push(inside === undefined ? plain : inside.replaceAll('""', '"'));
    if (end === "\n") rows.push([]);
    else if (end === "") break;
  }
  if (rows.at(-1).length <= 1 && !rows.at(-1)[0]) rows.pop();
  return rows;
}

export function float(text) {
  return text === null || text === undefined || text === "" ? NaN : Number(text);
}

// Digits and scale of a decimal text: value = digits / 10^scale.
function parts(text) {
  const [, sign, whole, rest = "", power = "0"] = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text.trim()) ?? [];
  if (whole === undefined) return null;
  let scale = rest.length - Number(power);
  let digits = BigInt(whole + rest || "0");
  if (scale < 0) { digits *= 10n ** BigInt(-scale); scale = 0; }
  return { digits: sign === "-" ? -digits : digits, scale };
}

function written(digits, scale) {
  const minus = digits < 0n;
  const all = String(minus ? -digits : digits).padStart(scale + 1, "0");
  const whole = all.slice(0, all.length - scale).replace(/\B(?=(\d{3})+$)/g, ",");
  return `${minus ? "−" : ""}${whole}${scale ? `.${all.slice(all.length - scale)}` : ""}`;
}

// Rounded half away from zero, as the server rounds; grouped by thousands.
export function rounded(text, decimals) {
  const found = parts(String(text));
  if (!found) return String(text);
  let { digits, scale } = found;
  if (scale > decimals) {
    const unit = 10n ** BigInt(scale - decimals);
    const half = unit / 2n;
    digits = (digits + (digits < 0n ? -half : half)) / unit;
    scale = decimals;
  } else if (scale < decimals) {
    digits *= 10n ** BigInt(decimals - scale);
    scale = decimals;
  }
  return written(digits, scale);
}

// All of it, grouped.
export function grouped(text) {
  if (text === null || text === undefined || text === "") return "";
  const found = parts(String(text));
  return found ? written(found.digits, found.scale) : String(text);
}

// Money as a list shows it: two decimals, or four digits of what is below one.
export function money(text) {
  if (text === null || text === undefined || text === "") return "";
  const size = Math.abs(Number(text));
  if (size === 0 || size >= 1) return rounded(text, 2);
  return rounded(text, Math.min(20, 3 - Math.floor(Math.log10(size))));
}

// A fraction as per cent, with its sign.
export function percent(text, decimals = 2) {
  if (text === null || text === undefined || text === "") return "";
  const found = parts(String(text));
  if (!found) return String(text);
  const shifted = { digits: found.digits * 100n, scale: found.scale };
  const plain = `${shifted.digits < 0n ? "-" : ""}${String(shifted.digits < 0n ? -shifted.digits : shifted.digits)
    .padStart(shifted.scale + 1, "0").replace(new RegExp(`(\\d{${shifted.scale}})$`), shifted.scale ? ".$1" : "$1")}`;
  const done = rounded(plain, decimals);
  return `${shifted.digits > 0n && /[1-9]/.test(done) ? "+" : ""}${done} %`;
}

// "up", "down" or "" for a class.
export function direction(text) {
  if (!text) return "";
  return text.startsWith("-") ? "down" : /[1-9]/.test(text) ? "up" : "";
}
