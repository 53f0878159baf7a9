// A receipt as a person reads it: what was multiplied by what, on which day, from which source.

import { facts, h } from "./dom.js";
import { grouped } from "./exact.js";
import { moment } from "./words.js";

export function receipt(found, amount, result) {
  const { from, to, unit } = found;
  return h("div.receipt", {},
    h("p.sum", {}, `${grouped(amount)} ${from} = ${grouped(result)} ${to}`),
    facts([
      ["Rate", `1 ${currency(from, unit.from_per)} = ${found.rate} ${currency(to, unit.to_per)}`],
      ["Of the day", found.on],
      ["Published", found.rate_date ? `${found.rate_date}${Number(found.age_days) ? `, ${found.age_days} days before` : ", the same day"}` : "no rate is needed"],
      ["Source", found.source],
      ...(found.legs ?? []).map((one, n) => [
        `Leg ${n + 1}`,
        `1 ${one.base} = ${one.rate} ${one.quote} of ${one.date}, ${one.source ?? "by law"}, ${USES[one.use] ?? one.use}` +
          `${one.fixing ? `, fixed at ${one.fixing}` : ""}${Number(one.revision) ? `, revision ${one.revision}` : ""}`,
      ]),
      ["Formula", `${grouped(amount)} ÷ ${unit.from_per} × ${found.rate} × ${unit.to_per}`],
      found.known_at && ["As known at", moment(found.known_at)],
    ]));
}

const USES = { direct: "multiplied", inverse: "divided by", legal: "fixed by law", peg: "a peg" };

// The currency of a price unit: GBX is a hundredth of it.
function currency(unit, per) {
  return per === "1" ? unit : `${per} ${unit}`;
}
