// Sign in with a user's name and password, or with a key. A key is kept in this page's memory and nowhere else, a password
// not at all.

import { signIn, signOut, useKey, who } from "../api.js";
import { marked, signedIn } from "../app.js";
import { copyable, field, h } from "../dom.js";

export function show(root, context) {
  const status = h("p.status", { role: "status" });
  const place = h("div.place");
  const user = h("input", { name: "username", autocomplete: "username", required: true });
  const password = h("input", { type: "password", name: "password", autocomplete: "current-password", required: true });
  const key = h("input", { type: "password", name: "key", autocomplete: "off", placeholder: "tc_…", required: true, size: "30" });

  async function enter(event) {
    event.preventDefault();
    await context.ask(place, async () => {
      await signIn(user.value.trim(), password.value);
      password.value = "";
      said();
    });
  }

  function said() {
    place.replaceChildren();
    status.textContent = who() ? `Signed in: ${who()}.` : "Nobody is signed in. Reading may need nobody; data health does.";
    out.hidden = !who();
    signedIn();
  }

  const out = h("button", { type: "button", onclick: () => context.ask(place, async () => { await signOut(); said(); }) }, "Sign out");
  root.append(h("h1", {}, "Sign in"), status, out, place,
    h("div.columns.two", {},
      h("div.card", {}, h("h2", {}, "As a user"),
        h("form.controls", { onsubmit: enter }, field("Name", user), field("Password", password), h("button.primary", {}, "Sign in"))),
      h("div.card", {}, h("h2", {}, "With a key"),
        h("form.controls", { onsubmit: (event) => { event.preventDefault(); useKey(key.value.trim()); key.value = ""; said(); } },
          field("Key", key), h("button.primary", {}, "Use it")))),
    h("div.card", {}, h("h2", {}, "Who may do what"),
      h("p", {}, marked("`read` shows prices, rates and portfolios; `operate` shows data health, answers held rows and starts runs; `admin` is for accounts. Users and keys are made on the server:")),
      copyable("user", "ticker-converter user add NAME --scopes read,operate"),
      copyable("key", "ticker-converter key create --scopes read,operate"),
      copyable("keys", "ticker-converter key list")));
  said();
  return {};
}
