// The API's reference, drawn from its OpenAPI document, with a form to try each route.

const PREVIEW = 20000;

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined && text !== null) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function table(headings, lines) {
  const made = element("table");
  const head = element("tr");
  for (const heading of headings) head.append(Object.assign(element("th", heading), { scope: "col" }));
  made.append(element("thead"), element("tbody"));
  made.tHead.append(head);
  for (const line of lines) {
    const row = element("tr");
    for (const cell of line) row.append(cell instanceof Node ? cell : element("td", cell));
    made.tBodies[0].append(row);
  }
  return made;
}

function input(parameter) {
  const field = element("input");
  field.name = parameter.name;
  field.dataset.in = parameter.in;
  field.required = Boolean(parameter.required);
  field.setAttribute("aria-label", parameter.name);
  const examples = parameter.schema?.examples ?? parameter.schema?.anyOf?.[0]?.examples;
  if (parameter.required && examples) field.value = examples[0];
  const cell = element("td");
  cell.append(field);
  return cell;
}

async function send(form, path, output) {
  const query = new URLSearchParams();
  let address = path;
  for (const field of form.querySelectorAll("input")) {
    if (field.dataset.in === "path") address = address.replace(`{${field.name}}`, encodeURIComponent(field.value));
    else if (field.value) query.set(field.name, field.value);
  }
  if (query.size) address += `?${query}`;
  output.hidden = false;
  output.textContent = `GET ${address}\n…`;
  try {
    const key = document.querySelector("#key").value.trim();
    const response = await fetch(address, key ? { headers: { "X-API-Key": key } } : {});
    const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
    const kind = response.headers.get("content-type") ?? "";
    const body = /json|csv/.test(kind) ? await response.text() : `(${(await response.blob()).size} bytes)`;
    const rest = body.length > PREVIEW ? `\n… ${body.length - PREVIEW} characters more` : "";
    output.textContent = `GET ${address}\n${response.status}\n${headers}\n\n${body.slice(0, PREVIEW)}${rest}`;
  } catch {
    output.textContent = `GET ${address}\nThe server does not answer.`;
  }
}

function route(method, path, operation) {
  const made = element("section", null, "route");
  made.id = operation.operationId;
  made.append(element("h3", `${method} ${path}`), element("p", operation.description ?? operation.summary));
  if (operation["x-scope"]) made.append(element("p", `Scope: ${operation["x-scope"]}`));
  if (method !== "GET") return made;
  const form = element("form");
  const parameters = operation.parameters ?? [];
  if (parameters.length) {
    const lines = parameters.map((one) => [
      one.name + (one.required ? " *" : ""), input(one), one.description ?? one.schema?.description ?? "",
    ]);
    form.append(table(["parameter", "value", ""], lines));
  }
  const output = element("pre");
  output.hidden = true;
  form.append(element("button", "Send"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form, path, output);
  });
  made.append(form, output);
  return made;
}

async function start() {
  const message = document.querySelector("#message");
  try {
    const document_ = await (await fetch("/openapi.json")).json();
    message.textContent = `Version ${document_.info.version}`;
    const routes = document.querySelector("#routes");
    for (const [path, methods] of Object.entries(document_.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        routes.append(route(method.toUpperCase(), path, operation));
      }
    }
    const lines = document_["x-problems"].map((one) => {
      const name = element("td", one.name);
      name.id = one.name;
      return [name, String(one.status), one.title];
    });
    document.querySelector("#problems").append(table(["type", "status", "title"], lines));
    if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
  } catch {
    message.textContent = "The server does not answer.";
    message.className = "wrong";
  }
}

start();
