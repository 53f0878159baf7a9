// Data health: how fresh everything is, what is missing, what was held back and why, what ran, and what is left of quotas.

import { get, path, post, series } from "../api.js";
import { facts, field, h, select, table } from "../dom.js";
import { Grid } from "../grid.js";
import { behind, moment } from "../words.js";
import { tile } from "./portfolio.js";

const STATES = ["held", "accepted", "rejected", "rescaled", "superseded"];

export function show(root, context) {
  const overview = h("div.place", {}, h("p.dim", {}, "…"));
  const fresh = h("div.place");
  const calls = h("div.place");
  const calendarPlace = h("div.place");
  const gaps = h("div.place");
  const runs = h("div.place");
  const heldPlace = h("div.place", { "aria-live": "polite" });
  const state = select("state", STATES, context.parameters.query.get("state") ?? "held");
  const symbol = h("input", { name: "symbol", list: "symbols", autocomplete: "off", spellcheck: "false", size: "10" });
  const year = h("input", { type: "number", name: "year", min: "1900", max: "2200", size: "5" });
  const list = h("datalist", { id: "symbols" });
  const sections = h("div", { hidden: true },
    h("div.columns.two", {},
      h("section", {}, h("h2", {}, "Freshness"), fresh),
      h("section", {}, h("h2", {}, "Quotas"), calls, h("h2", {}, "Runs"),
        h("p", {}, h("button", { type: "button", onclick: sync }, "Fetch what is missing")), runs)),
    h("h2", {}, "Held back"),
    h("form.controls", { onsubmit: (event) => event.preventDefault() }, field("State", state)), heldPlace,
    h("h2", {}, "Coverage of a year"),
    h("form.controls", { onsubmit: (event) => { event.preventDefault(); calendar(); } }, field("Symbol", symbol), list, field("Year", year), h("button.primary", {}, "Show")),
    calendarPlace,
    h("h2", {}, "Missing sessions"), gaps);
  let grid = null;
  root.append(h("h1", {}, "Data health"), overview, sections);

  function load() {
    return context.ask(overview, async () => {
      const found = await get("/v1/status", {}, context.signal);
      sections.hidden = false;
      const late = found.instruments.filter((one) => one.sessions_behind !== null && one.sessions_behind !== "0");
      const held = found.quarantine.reduce((sum, one) => sum + Number(one.rows ?? one.held ?? one.count ?? 0), 0);
      overview.replaceChildren(h("div.tiles", {},
        tile("Last publish", moment(found.published_at).slice(0, 16) || "never", `version ${found.version}`),
        tile("Up to date", `${found.instruments.length - late.length} of ${found.instruments.length}`, "watched instruments"),
        tile("Held back", String(held), found.quarantine.map((one) => `${one.reason} ${one.rows ?? one.held ?? one.count}`).join(", ") || "nothing waits"),
        tile("Findings", found.findings, "odd, and kept: the command check lists them"),
        tile("Asked for", found.requests, "acts that a worker has not finished")));
      freshness(found.instruments);
      runs.replaceChildren(runTable(found.runs));
      list.replaceChildren(...found.instruments.slice(0, 1000).map((one) => h("option", { value: one.symbol })));
      const first = found.instruments.find((one) => one.last_session);
      if (first && !symbol.value) { symbol.value = first.symbol; year.value = first.last_session.slice(0, 4); }
      quotas();
      quarantine();
      calendar();
      missing();
    });
  }

  function freshness(rows) {
    if (!rows.length) {
      fresh.replaceChildren(h("p", {}, "Nothing is on the watch list: `add` and `import` bring it."));
      return;
    }
    grid?.close();
    grid = new Grid({ caption: "Freshness in sessions", sorted: { name: "behind", down: true }, columns: [
      { name: "symbol", title: "Symbol", sort: (one) => one.symbol, cell: (one) => h("a", { href: `#/instrument/${encodeURIComponent(one.symbol)}` }, one.symbol) },
      { name: "behind", title: "Freshness", sort: (one) => (one.sessions_behind === null ? NaN : Number(one.sessions_behind)),
        cell: (one) => h("span", { class: one.sessions_behind !== "0" ? "late" : null }, behind(one.sessions_behind)) },
      { name: "last", title: "Last session", wide: true, sort: (one) => one.last_session, cell: (one) => one.last_session ?? "" },
      { name: "bars", title: "Bars", number: true, sort: (one) => Number(one.bars), cell: (one) => Number(one.bars).toLocaleString("en") },
      { name: "from", title: "From", wide: true, cell: (one) => one.providers.join(", ") },
    ] });
    grid.element.classList.add("short");
    fresh.replaceChildren(grid.element);
    grid.fill(rows);
  }

  function quotas() {
    return context.ask(calls, async () => {
      const found = await get("/v1/calls", {}, context.signal);
      calls.replaceChildren(found.length
        ? table("Calls that providers were sent", ["Provider", "24 hours", "7 days", "30 days", "Left", "Lasts"],
          found.map((one) => [one.provider, one.day, one.week, one.month, one.left === null ? "see `status`" : `${one.left} of ${one.daily_limit}`,
            one.daily_limit === null ? "" : one.left === "0" ? "spent" : one.spent_at ? `until ${moment(one.spent_at).slice(0, 16)} at this pace` : "the day, at this pace"]), [1, 2, 3, 4])
        : h("p.dim", {}, "No provider was called in the last 30 days."));
    });
  }

  function runTable(found) {
    if (!found.length) return h("p.dim", {}, "Nothing has run.");
    return table("Runs", ["Run", "What", "State", "Began", "Said"], found.map((one) => [
      h("button.small", { type: "button", "aria-label": `Report of run ${one.run_id}`, onclick: (event) => report(one.run_id, event.target) }, one.run_id),
      one.command, one.state, moment(one.started_at).slice(0, 19), one.message ?? ""]));
  }

  async function report(id, button) {
    const row = button.closest("tr");
    if (row.nextElementSibling?.classList.contains("more")) { row.nextElementSibling.remove(); return; }
    const cell = h("td", { colspan: "5" }, "…");
    row.after(h("tr.more", {}, cell));
    await context.ask(cell, async () => {
      const found = await get(path("runs", id), {}, context.signal);
      cell.replaceChildren(facts([["Finished", moment(found.finished_at) || "not yet"],
        ...Object.entries(found.report ?? {}).map(([name, value]) => [name.replaceAll("_", " "), typeof value === "object" ? JSON.stringify(value) : String(value)])]));
    });
  }

  function sync() {
    const place = h("div");
    runs.prepend(place);
    return context.ask(place, async () => {
      const { body } = await post("/v1/runs", {}, context.signal);
      place.replaceChildren(h("p", { role: "status" }, `Asked for at ${moment(body.asked_at)}: ${body.state}. `,
        h("button.small", { type: "button", onclick: () => follow(body.id, place) }, "How far is it?")));
    });
  }

  function follow(id, place) {
    return context.ask(place, async () => {
      const found = await get(path("runs", id), {}, context.signal);
      place.replaceChildren(h("p", { role: "status" }, `${found.state}${found.progress ? `: ${found.progress}` : ""}${found.problem ? `: ${found.problem.detail}` : ""}. `,
        !found.finished_at && h("button.small", { type: "button", onclick: () => follow(id, place) }, "How far is it?")));
    });
  }

  // ---- what was held back ----

  function quarantine() {
    return context.ask(heldPlace, async () => {
      const found = await get("/v1/quarantine", { state: state.value, limit: 100 }, context.signal);
      context.remember({ state: state.value === "held" ? "" : state.value });
      heldPlace.replaceChildren(found.length
        ? h("div", {}, found.map(held), found.length === 100 ? h("p.dim", {}, "The first 100 are shown; answering those like one answers many at once.") : "")
        : h("p.dim", {}, state.value === "held" ? "Nothing is held back." : "None."));
    });
  }

  function held(one) {
    const why = h("input", { name: "reason", required: true, size: "30", placeholder: "why, kept with the change" });
    const factor = h("input", { name: "factor", size: "6", inputmode: "decimal", placeholder: "0.01" });
    const like = h("input", { type: "checkbox", name: "all_like" });
    const place = h("div");
    const form = h("form.controls", { onsubmit: (event) => { event.preventDefault(); answer(event.submitter.value); } },
      field("Reason", why), field("All like it", like, "check"),
      h("button.primary", { name: "answer", value: "accept" }, "Accept"), h("button", { name: "answer", value: "reject" }, "Reject"),
      field("Factor", factor), h("button", { name: "answer", value: "rescale" }, "Rescale"));

    async function answer(word) {
      await context.ask(place, async () => {
        const body = { answer: word, reason: why.value, all_like: like.checked, ...(word === "rescale" ? { factor: factor.value } : {}) };
        const { status, body: found } = await post(path("quarantine", one.id), body, context.signal);
        place.replaceChildren(h("p", { role: "status" }, status === 202
          ? "Asked for: no worker has done it yet. `ticker-converter worker` does it, and this list shows it then."
          : `Done: ${found.decided.length} answered, ${found.inserted} inserted, ${found.revised} revised.`));
        if (status !== 202) { form.remove(); load(); }
      });
    }

    return h("details.card", {}, h("summary", {}, `${one.symbol} ${one.date ?? ""}: ${one.reason.replaceAll("_", " ")}`),
      facts([["Number", one.id], ["Run", one.run_id], one.payload && ["Payload", one.payload], ...evidence(one.evidence)]),
      one.state === "held" ? form : h("p", {}, one.state), place);
  }

  function evidence(found, before = "") {
    return Object.entries(found ?? {}).flatMap(([name, value]) => {
      const title = `${before}${name.replaceAll("_", " ")}`;
      if (value && typeof value === "object" && !Array.isArray(value)) return evidence(value, `${title}: `);
      return [[title, Array.isArray(value) ? value.map((one) => (one && typeof one === "object" ? JSON.stringify(one) : one)).join(", ") : String(value)]];
    });
  }

  // ---- what is there of a year ----

  function calendar() {
    const name = symbol.value.trim();
    const of = year.value;
    if (!name || !of) return undefined;
    return context.ask(calendarPlace, async () => {
      const span = { from: `${of}-01-01`, to: `${of}-12-31` };
      const today = new Date().toISOString().slice(0, 10);
      if (span.to > today) span.to = today;
      const [bars, lacks, back] = await Promise.all([
        series(path("prices", name), span, context.signal), get("/v1/gaps", { symbol: name }, context.signal),
        get("/v1/quarantine", { symbol: name, state: "held" }, context.signal)]);
      const have = new Set(bars.date);
      const kept = new Set(back.map((one) => one.date));
      const gap = (day) => lacks.some((one) => one.from <= day && day <= one.to);
      const weekend = (day) => [0, 6].includes(new Date(day).getUTCDay());
      const kindOf = (day) => (kept.has(day) ? "held" : have.has(day) ? "have" : gap(day) && !weekend(day) ? "gap" : "");
      const months = Array.from({ length: 12 }, (each, m) => month(Number(of), m, kindOf));
      const days = [...have].length;
      calendarPlace.replaceChildren(
        h("p", {}, `${days} sessions of ${name} are stored in ${of}; ${[...kept].filter((one) => one?.startsWith(of)).length} are held back. `,
          "A stored day is marked •, a missing one ×, one held back !."),
        h("div.calendar", {}, months));
    });
  }

  function missing() {
    return context.ask(gaps, async () => {
      const found = await get("/v1/gaps", {}, context.signal);
      gaps.replaceChildren(found.length
        ? table("Missing sessions", ["Symbol", "Exchange", "From", "To", "Sessions", "Held back", "Of everyone"],
          found.slice(0, 500).map((one) => [one.symbol ?? "the whole exchange", one.mic, one.from, one.to, one.sessions, one.held, one.everyone ? "yes" : ""]), [4, 5])
        : h("p.dim", {}, "No session is missing between the first and the last that are stored."));
    });
  }

  state.addEventListener("change", quarantine);
  load();
  return { close: () => { grid?.close(); } };
}

const SIGN = { have: "•", gap: "×", held: "!" };
const WORD = { have: "stored", gap: "missing", held: "held back" };

function month(year, number, kindOf) {
  const first = new Date(Date.UTC(year, number, 1));
  const days = new Date(Date.UTC(year, number + 1, 0)).getUTCDate();
  const weeks = [[]];
  for (let n = 0; n < (first.getUTCDay() + 6) % 7; n += 1) weeks[0].push(null);
  for (let n = 1; n <= days; n += 1) {
    if (weeks.at(-1).length === 7) weeks.push([]);
    weeks.at(-1).push(n);
  }
  const name = first.toLocaleDateString("en", { month: "long", timeZone: "UTC" });
  return h("table", {}, h("caption", {}, name), h("tbody", {}, weeks.map((week) => h("tr", {}, week.map((n) => {
    if (!n) return h("td");
    const day = `${year}-${String(number + 1).padStart(2, "0")}-${String(n).padStart(2, "0")}`;
    const kind = kindOf(day);
    return h("td", { class: kind || null, title: `${day}${kind ? `, ${WORD[kind]}` : ""}` }, SIGN[kind] ?? "");
  })))));
}
