// Elements without HTML text: whatever comes from outside goes in as text and cannot become markup.

const SVG = "http://www.w3.org/2000/svg";

// h("a.button", { href: "#/", onclick: f }, "text", node, …): children that are null or false are left out.
export function h(kind, given = {}, ...children) {
  const [name, ...classes] = kind.split(".");
  const made = document.createElement(name);
  if (classes.length) made.className = classes.join(" ");
  return filled(made, given, children);
}

export function svg(name, given = {}, ...children) {
  return filled(document.createElementNS(SVG, name), given, children);
}

function filled(made, given, children) {
  for (const [key, value] of Object.entries(given)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "value" || key === "checked" || key === "selected" || key === "htmlFor") made[key] = value;
    else made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...children.flat(2).filter((one) => one !== null && one !== undefined && one !== false));
  return made;
}

// A labelled control: the label holds it, so that a click and a screen reader find it.
export function field(label, control, className = "") {
  return h("label", { class: className || null }, h("span", {}, label), control);
}

export function select(name, options, value, given = {}) {
  const made = h("select", { name, ...given });
  for (const one of options) {
    const [key, text] = Array.isArray(one) ? one : [one, one];
    made.append(h("option", { value: key, selected: key === value }, text));
  }
  return made;
}

// A table of given headings and rows; a cell is text, a node, or null. `numbers`: columns set to the right.
export function table(caption, headings, rows, numbers = []) {
  const right = (n) => (numbers.includes(n) ? "number" : null);
  return h("div.wide", { tabindex: "0", role: "region", "aria-label": caption },
    h("table", {},
      h("caption.hidden", {}, caption),
      h("thead", {}, h("tr", {}, headings.map((one, n) => h("th", { scope: "col", class: right(n) }, one)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map((one, n) =>
        n === 0 ? h("th", { scope: "row", class: right(n) }, one ?? "") : h("td", { class: right(n) }, one ?? "")))))));
}

export function facts(pairs) {
  return h("dl.facts", {}, pairs.filter(Boolean).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value ?? "")]));
}

// A text to copy, with a button that does it.
export function copyable(name, text) {
  const button = h("button.small", { type: "button" }, "Copy");
  button.setAttribute("aria-label", `Copy the ${name}`);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = "Selected: press Ctrl+C";
    }
  });
  const code = h("code", {}, text);
  return h("div.copyable", {}, h("span.dim", {}, name),
    h("pre", { tabindex: "0", role: "region", "aria-label": name }, code), button);
}
