// The page beside the till. Text from the server is only ever set as text, never as markup.
"use strict";

(() => {
  const byId = (id) => document.getElementById(id);
  const holder = byId("texts");
  const texts = JSON.parse(holder.dataset.texts);
  const lang = holder.dataset.lang;
  const [result, alertBox, search, enrol, key] = ["result", "alert", "search", "enrol", "key"].map(byId);
  const welcome = [...result.children];
  let draft = null;
  let known = ""; // what was typed for the customer on show: it is not the next one's

  const say = (name, values = {}) =>
    (texts[name] || name).replace(/\{(\w+)\}/g, (_, one) => (one in values ? values[one] : ""));

  function make(tag, className, content) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    for (const one of [].concat(content ?? [])) element.append(one);
    return element;
  }

  const region = { pt: "pt-PT", en: "en-GB" }[lang] || lang;
  const points = (value) => new Intl.NumberFormat(region, { useGrouping: "always", maximumFractionDigits: 3 }).format(Number(value));
  const day = (value) => new Intl.DateTimeFormat(region, { dateStyle: "medium", timeZone: "UTC" }).format(new Date(`${value}T00:00:00Z`));
  const initials = (name) => name.trim().split(/\s+/).filter(Boolean).map((word) => [...word][0]).filter((_, i, all) => i === 0 || i === all.length - 1).join("").toUpperCase() || "?";

  async function ask(path, body) {
    const options = { headers: { "x-v5-companion": "1" }, credentials: "same-origin", cache: "no-store" };
    if (body) Object.assign(options, { method: "POST", body: JSON.stringify(body) });
    let response;
    try {
      response = await fetch(path, options);
    } catch {
      throw { detail: say("lost") };
    }
    if (response.status === 401) {
      warn(say("expired"));
      setTimeout(() => location.reload(), 1200);
      throw { detail: say("expired") };
    }
    const data = await response.json().catch(() => ({}));
    if (!response.ok) throw data;
    return data;
  }

  function warn(words, good = false) {
    alertBox.textContent = words;
    alertBox.classList.toggle("good", good);
    alertBox.hidden = !words;
  }

  function show(...elements) {
    result.replaceChildren(...elements);
    result.hidden = elements.length === 0;
  }

  function figure(name, value, note, extra = "") {
    const low = extra === "low";
    const parts = [make("dt", "", name), make("dd", low ? "low" : "", value)];
    if (note) parts.push(make("dd", "note", note));
    return make("div", `figure ${low ? "" : extra}`, parts);
  }

  function notes(messages) {
    const list = make("ul", "notes");
    for (const one of messages) list.append(make("li", one.severity === "alert" ? "alert-note" : one.severity, make("span", "", one.text)));
    return list;
  }

  const money = (value) => new Intl.NumberFormat(region, { style: "currency", currency: texts.currency || "EUR" }).format(Number(value));
  const last = (date, one = "until") => (date ? say(one, { date: day(date) }) : "");

  function block(name, list) {
    return make("div", "block", [make("h2", "", say(name)), list]);
  }

  function entries(className, rows) {
    const list = make("ul", className);
    for (const row of rows) list.append(make("li", row.state || "", row.parts.filter(Boolean)));
    return list;
  }

  function levels(view) {
    return entries("levels", view.tiers.map((one) => {
      const next = (texts.tier_titles || {})[`${one.programme}/${one.next_tier}`];
      const missing = next && { spend: money(one.missing / 100), points: `${points(one.missing / 1000)} ${say("points")}`, visits: say("visits", { count: one.missing }) }[next.measure];
      return {
        parts: [
          make("strong", "", one.title || one.tier),
          one.until && make("span", "soft", last(one.until)),
          next && make("span", "soft", say("to_next", { missing, title: next.title })),
        ],
      };
    }));
  }

  function clubs(view) {
    return entries("clubs", view.memberships.map((one) => {
      const head = make("div", "club-head", [make("strong", "", one.title || one.club), make("span", `tag ${one.state}`, say(`state_${one.state}`))]);
      const got = make("ul", "uses");
      for (const each of one.entitlements) got.append(make("li", Number(each.left) ? "" : "gone", [make("span", "", each.title || each.entitlement), make("span", "left", say("left", { count: each.left }))]));
      const when = one.until ? last(one.until, one.state === "ended" ? "ended_on" : one.state === "ending" ? "ends_on" : "until") : say("since_short", { date: day(one.since) });
      const renew = one.state === "ending" || one.state === "ended" ? make("button", "small ghost", say("renew")) : null;
      if (renew) {
        renew.type = "button";
        renew.addEventListener("click", () => join(view, one.club, renew));
      }
      return { state: one.state, parts: [head, make("p", "soft", when), one.entitlements.length ? got : null, renew] };
    }));
  }

  function wallet(view) {
    return entries("wallet", view.vouchers.map((one) => {
      const worth = Number(one.amount) ? money(one.amount) : Number(one.percent) ? `${points(one.percent)} %` : "";
      const from = one.valid_from && one.valid_from > today() ? last(one.valid_from, "from_day") : "";
      return {
        parts: [
          make("div", "worth", [make("strong", "", one.title || say(`kind_${one.kind}`)), worth && make("span", "amount", worth)].filter(Boolean)),
          make("code", "", one.code),
          make("span", "soft", [one.title === say(`kind_${one.kind}`) || !one.title ? "" : say(`kind_${one.kind}`), from, last(one.valid_until)].filter(Boolean).join(" · ")),
        ],
      };
    }));
  }

  const today = () => new Date().toLocaleDateString("sv");

  async function join(view, club, button) {
    button.disabled = true;
    const card = view.cards.find((one) => one.active);
    try {
      const answer = await ask("/ui/enrol", { request_id: crypto.randomUUID(), card: card ? card.number : "", name: view.name, clubs: [club] });
      show(person(answer.customer));
      warn(say("joined") + (answer.provisional ? `. ${say("provisional_club")}` : ""), true);
      result.focus();
    } catch (problem) {
      warn(`${say("error")}: ${texts[`error_${problem.code}`] || problem.detail || ""}`);
      button.disabled = false;
    }
  }

  function joinable(view) {
    const known = new Set(view.memberships.filter((one) => one.state !== "ended").map((one) => one.club));
    const open = Object.entries(texts.club_titles || {}).filter(([id]) => !known.has(id) && !view.memberships.some((one) => one.club === id));
    if (!open.length || view.blocked || !view.cards.some((one) => one.active)) return null;
    const row = make("div", "join-row");
    for (const [id, title] of open) {
      const button = make("button", "small ghost", say("join", { title }));
      button.type = "button";
      button.addEventListener("click", () => join(view, id, button));
      row.append(button);
    }
    return row;
  }

  function person(view) {
    const name = view.name || view.customer;
    const title = make("div", "", make("h2", "", name));
    if (view.member_since) title.append(make("p", "soft", say("since", { date: day(view.member_since) })));
    const chips = [...view.tiers.map((one) => ["tag level", one.title || one.tier]), ...view.segments.map((one) => ["tag", one])];
    if (chips.length) title.append(make("p", "chips", chips.map(([className, words]) => make("span", className, words))));
    const avatar = make("span", "avatar", initials(name));
    avatar.setAttribute("aria-hidden", "true");
    const left = make("article", "card", make("div", "person-head", [avatar, title]));
    if (view.remark) left.append(make("p", "remark", [make("strong", "", `${say("remark")}: `), view.remark]));
    const held = Number(view.balance.held) ? `${points(view.balance.held)} ${say("held")}` : say("points");
    const expiring = Number(view.balance.expiring) > 0 && view.balance.expiring_on;
    left.append(
      make("dl", "figures", [
        figure(say("available"), points(view.balance.available), held, "main"),
        expiring ? figure(say("expiring"), points(view.balance.expiring), day(view.balance.expiring_on)) : figure(say("expiring"), say("nothing_expires"), "", "low"),
      ]),
    );
    const cards = make("ul", "plastic");
    for (const card of view.cards) {
      const more = [Number(card.rate) ? `${points(card.rate)} %` : "", last(card.valid_until), card.active ? "" : say("card_off")].filter(Boolean).join(" · ");
      cards.append(make("li", card.active ? "" : "off", [card.number, ...(more ? [make("span", "soft", ` ${more}`)] : [])]));
    }
    if (view.tiers.length) left.append(block("levels", levels(view)));
    const row = joinable(view);
    if (view.memberships.length || row) left.append(block("clubs", make("div", "", [view.memberships.length ? clubs(view) : null, row].filter(Boolean))));
    if (view.vouchers.length) left.append(block("wallet", wallet(view)));
    left.append(block("cards", view.cards.length ? cards : make("p", "soft", say("no_cards"))));
    if (!view.messages.length) return left;
    const right = make("section", "card", [make("h2", "", say("messages")), notes(view.messages)]);
    return make("div", "person", [left, right]);
  }

  function choices(views) {
    const list = make("ul", "choices");
    for (const view of views) {
      const button = make("button", "", [make("span", "", view.name || view.customer), make("span", "soft", `${points(view.balance.available)} ${say("points")}`)]);
      button.type = "button";
      button.addEventListener("click", () => { show(person(view)); result.focus(); });
      list.append(make("li", "", button));
    }
    const card = make("div", "card", [make("h2", "", say("choose")), list]);
    show(card);
    list.querySelector("button").focus();
  }

  function nobody(typed) {
    const button = make("button", "primary", say("new"));
    button.type = "button";
    button.addEventListener("click", () => openEnrol(typed));
    show(make("div", "card empty", [make("h2", "", say("none")), make("p", "", say("none_hint")), button]));
  }

  search.addEventListener("submit", async (event) => {
    event.preventDefault();
    const typed = key.value.trim();
    if (typed.length < 2) return key.focus();
    closeEnrol();
    warn("");
    try {
      const answer = await ask(`/ui/identify?lang=${lang}`, { key: typed });
      known = answer.customer || answer.candidates.length ? typed : "";
      if (answer.customer) show(person(answer.customer));
      else if (answer.candidates.length) return choices(answer.candidates);
      else nobody(typed);
      key.select();
    } catch (problem) {
      warn(`${say("error")}: ${problem.detail || ""}`);
    }
  });

  function openEnrol(typed = "") {
    draft = crypto.randomUUID();
    enrol.reset();
    clearErrors();
    warn("");
    if (typed === known) typed = "";
    if (/^\d{13,}$/.test(typed)) byId("f-card").value = typed;
    else if (/^[\d+\s]{9,}$/.test(typed)) byId("f-phone").value = typed;
    else if (/[^\d\s]/.test(typed)) byId("f-name").value = typed;
    show();
    enrol.hidden = false;
    byId("f-name").focus();
  }

  function closeEnrol() {
    enrol.hidden = true;
    result.hidden = false;
  }

  function restart() {
    closeEnrol();
    warn("");
    show(...welcome);
    key.value = "";
    key.focus();
  }

  function clearErrors() {
    for (const one of enrol.querySelectorAll(".field-error")) one.remove();
    for (const one of enrol.querySelectorAll("[aria-invalid]")) { one.removeAttribute("aria-invalid"); one.removeAttribute("aria-describedby"); }
  }

  function fieldErrors(errors) {
    let first = null;
    for (const one of errors) {
      const input = enrol.elements[one.field];
      if (!input) continue;
      const words = make("p", "field-error", texts[`error_${one.code}`] || one.message);
      words.id = `e-${one.field}`;
      input.setAttribute("aria-invalid", "true");
      input.setAttribute("aria-describedby", words.id);
      input.after(words);
      first ||= input;
    }
    first?.focus();
    return first !== null;
  }

  enrol.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearErrors();
    const form = new FormData(enrol);
    const data = Object.fromEntries(form);
    data.clubs = form.getAll("clubs");
    if (!data.clubs.length) data.member_until = "";
    for (const one of ["consent_sms", "consent_email"]) data[one] = enrol.elements[one].checked;
    const button = enrol.querySelector(".primary");
    button.disabled = true;
    try {
      const answer = await ask("/ui/enrol", { ...data, request_id: draft });
      closeEnrol();
      show(person(answer.customer));
      warn(say(answer.created ? "created" : "existing") + (answer.provisional ? `. ${say("provisional")}` : ""), true);
      result.focus();
    } catch (problem) {
      const named = fieldErrors(problem.errors || []);
      warn(named ? "" : `${say("error")}: ${texts[`error_${problem.code}`] || problem.detail || ""}`);
      if (problem.code === "conflict") draft = crypto.randomUUID();
    } finally {
      button.disabled = false;
    }
  });

  const countries = new Intl.DisplayNames([region], { type: "region" });
  for (const one of enrol.elements.tax_country.options) one.textContent = countries.of(one.value);

  byId("open-enrol").addEventListener("click", () => openEnrol(key.value.trim()));
  byId("close-enrol").addEventListener("click", restart);
  document.addEventListener("keydown", (event) => {
    if (event.key === "F2") { event.preventDefault(); openEnrol(key.value.trim()); }
    else if (event.key === "Escape") { event.preventDefault(); restart(); }
    else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey && enrol.hidden && (document.activeElement === document.body || document.activeElement === result)) {
      key.value = ""; // a scanner types wherever it is: its first character must not be lost
      key.focus();
    }
  });

  async function status() {
    const light = byId("light");
    try {
      const now = await ask("/ui/status");
      light.dataset.light = now.online ? now.light : now.light === "red" ? "red" : "yellow";
      byId("light-text").textContent = say(now.online ? "online" : "offline") + (now.queue ? ` · ${say("waiting", { count: now.queue })}` : "");
    } catch {
      light.dataset.light = "red";
      byId("light-text").textContent = say("lost");
    }
  }
  status();
  setInterval(status, 5000);
})();
