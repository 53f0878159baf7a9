// The reasons and states of the API in words.

const REASONS = {
  no_rate: "no source has a rate for that day",
  rate_too_old: "the last rate is too old to be used",
  no_dividend_rate: "no rate for a dividend after that day",
  no_price: "no price is stored",
  price_too_old: "the last price is more than 10 sessions old",
  too_few_sessions: "one session is stored, two are needed",
  unknown_symbol: "the symbol is not on the list",
  unknown_currency: "no currency of that code is known",
  basis: "it is not stored as traded",
};

export function reason(code) {
  return REASONS[code] ?? String(code ?? "").replaceAll("_", " ");
}

export function behind(sessions) {
  if (sessions === null || sessions === undefined) return "no calendar";
  if (sessions === "0") return "up to date";
  return sessions === "1" ? "1 session behind" : `${Number(sessions).toLocaleString("en")} sessions behind`;
}

export function moment(text) {
  return text ? text.replace("T", " ").replace(/\.\d+/, "").replace(/(Z|\+00:00)$/, " UTC") : "";
}
