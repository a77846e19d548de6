/* Live fragments: what polls is marked by hx-trigger="every ...". Nothing moves under the hand.
     data-live-rows data-seen   a list: values change in place; while it is in use its order stands and new rows
                                wait behind data-fresh; rows that left it or were taken stay, dimmed (class gone)
     data-part                  a region that comes along with another one: it waits while the pointer is on one of
                                its controls; a form in it that somebody fills in stays as it is
     data-keep                  in a part, what the page itself put there stays; ="mark": as long as the mark is the same
     data-says                  what a screen reader hears when it changed
     data-stale                 says since when nothing came through
   Tells desk.js by the event "desk:rows" that rows were exchanged. */
(() => {
  "use strict";
  const root = document.documentElement;
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const on = (name, act) => document.addEventListener(name, act);
  const polls = (element) => (element?.getAttribute?.("hx-trigger") || "").includes("every");

  // What people opened, picked or typed is theirs: a morph leaves it alone.
  const FIELDS = "input:not([type=hidden]), textarea, select";
  const typed = (field) => {
    if (field.options) return field.selectedIndex !== Math.max(0, [...field.options].findIndex((option) => option.defaultSelected));
    if (["checkbox", "radio"].includes(field.type)) return field.checked !== field.defaultChecked;
    return field.value !== field.defaultValue && field.value !== field.dataset.offered;
  };
  const filledIn = (form) => $$(FIELDS, form).some((field) => field === document.activeElement || typed(field))
    || $("[aria-invalid], [role=alert]", form) !== null; // refused: its sentence is still being read
  const isForm = (node) => node.matches?.("[data-part] form") && filledIn(node);
  const stays = (node) => isForm(node) || node.matches?.("[data-part] [data-keep]") || (node.querySelectorAll && $$("form", node).some(isForm));
  if (window.Idiomorph) {
    Object.assign(window.Idiomorph.defaults.callbacks, {
      beforeAttributeUpdated: (name, node) => !(
        (name === "open" && node.matches("details, dialog"))
        || (["value", "checked"].includes(name) && node.matches(FIELDS))
      ),
      beforeNodeMorphed: (node, fresh) => !(isForm(node) || (node.dataset?.keep !== undefined && node.dataset.keep === fresh.dataset?.keep)),
      afterNodeMorphed: (node) => {
        const around = node.dataset?.keep !== undefined && node.closest("details[open]");
        if (around) window.htmx.trigger(around, "desk:again"); // what it had fetched is out of date
      },
      beforeNodeRemoved: (node) => !stays(node),
    });
  }

  // --- parts of a page that come along with another one
  const waitingParts = new Map();
  const underHand = (part) => matchMedia("(hover: hover)").matches && $(":is(a, button, summary, label, input, select, textarea):hover", part);
  const said = new Map($$("[data-says]").map((part) => [part.id, part.dataset.says]));
  const sayChange = (part) => {
    const says = part.dataset.says;
    if (says && said.get(part.id) !== says) document.dispatchEvent(new CustomEvent("desk:say", { detail: says }));
    said.set(part.id, says);
  };
  on("htmx:oobBeforeSwap", (event) => {
    const part = event.detail.target;
    if (!part.matches("[data-part]")) return;
    waitingParts.delete(part.id);
    if (!underHand(part)) return;
    event.detail.shouldSwap = false;
    waitingParts.set(part.id, event.detail.fragment.firstElementChild);
  });
  on("htmx:afterSettle", () => $$("[data-says]").forEach(sayChange));
  on("pointerover", () => {
    for (const [id, fresh] of waitingParts) {
      const part = document.getElementById(id);
      if (part && underHand(part)) continue;
      waitingParts.delete(id);
      if (!part) continue;
      window.Idiomorph.morph(part, fresh);
      window.htmx.process(part);
      sayChange(part);
      document.dispatchEvent(new CustomEvent("desk:parts"));
    }
  });

  // --- stale: after two failed polls of the same fragment
  const failures = new Map();
  const tellStale = (sentence) => {
    for (const note of $$("[data-stale]")) {
      note.textContent = sentence;
      note.hidden = !sentence;
    }
  };
  let since = "";
  const failed = (event) => {
    const element = event.detail.elt;
    if (!polls(element)) return;
    if (event.detail.xhr?.status === 404) return tellStale("No longer here for you");
    failures.set(element.id, (failures.get(element.id) || 0) + 1);
    if (failures.get(element.id) < 2) return;
    if (!since) since = new Date().toTimeString().slice(0, 5);
    tellStale(`Not live since ${since}, retrying`);
  };
  const alive = (event) => {
    if (!polls(event.detail.elt) || event.detail.xhr.status >= 400) return;
    failures.delete(event.detail.elt.id);
    if ([...failures.values()].some((number) => number > 1)) return;
    since = "";
    tellStale("");
  };
  for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) on(name, failed);
  on("htmx:beforeRequest", (event) => { if (document.hidden && polls(event.detail.elt)) event.preventDefault(); });
  on("visibilitychange", () => { // who comes back to the page sees it as it is now
    if (!document.hidden) for (const element of $$('[hx-trigger*="desk:look"]')) window.htmx.trigger(element, "desk:look");
  });

  // --- lists
  const shown = (list) => $$("[data-row]", list).filter((row) => !row.closest("[data-left]"));
  const owners = new Map();
  const markTaken = (list) => {
    for (const row of shown(list)) {
      const owner = row.dataset.owner || "";
      if (!owners.has(row.id)) owners.set(row.id, owner);
      else if (owner && owner !== owners.get(row.id) && owner !== root.dataset.user) row.classList.add("gone");
    }
  };
  const inUse = (list) => list.matches(":hover") || list.contains(document.activeElement);
  const picked = (list) => new Set($$("[data-row] input:checked", list).map((box) => box.value));
  const pickAgain = (list, values) => {
    for (const box of $$("[data-row] input[type=checkbox]", list)) box.checked = values.has(box.value);
  };
  const tell = (list) => {
    markTaken(list);
    document.dispatchEvent(new CustomEvent("desk:rows"));
  };
  const vanish = (row) => { // the reader may not see it any more
    const cell = document.createElement("td");
    cell.colSpan = row.children.length;
    cell.textContent = "No longer here";
    row.replaceChildren(cell);
    row.classList.add("gone");
  };
  const byId = (rows) => new Map(rows.map((row) => [row.id, row]));
  const read = (text) => new DOMParser().parseFromString(text, "text/html").querySelector("[data-live-rows]");

  // In use: each row changes where it stands; what is new waits.
  const hold = (list, fresh) => {
    const next = byId(shown(fresh)), left = byId($$("[data-left] [data-row]", fresh));
    const values = picked(list), here = shown(list);
    for (const row of here) {
      const now = next.get(row.id) || left.get(row.id);
      if (!now) { vanish(row); continue; }
      const gone = left.has(row.id);
      window.Idiomorph.morph(row, now.cloneNode(true));
      if (gone) document.getElementById(row.id)?.classList.add("gone");
    }
    pickAgain(list, values);
    const known = new Set(here.map((row) => row.id));
    const news = [...next.keys()].filter((id) => !known.has(id)).length;
    for (const pill of $$("[data-fresh]")) {
      pill.hidden = news === 0;
      $("[data-text]", pill).textContent = news === 1 ? "1 new" : `${news} new`;
    }
    waiting = news ? fresh : null;
    tell(list);
  };

  // Free: the list as it is now; rows that left it stay behind the row that they followed.
  let waiting = null;
  const renew = (list, fresh) => {
    const next = byId(shown(fresh)), left = byId($$("[data-left] [data-row]", fresh)), values = picked(list);
    let before = null;
    for (const row of shown(list)) {
      const gone = left.get(row.id);
      if (gone) {
        const kept = gone.cloneNode(true);
        kept.classList.add("gone");
        if (before) before.after(kept);
        else $("tbody .grp, tbody", fresh)?.[$("tbody .grp", fresh) ? "after" : "prepend"](kept);
        before = kept;
      } else before = next.get(row.id) || before;
    }
    $("[data-left]", fresh)?.remove();
    window.Idiomorph.morph(list, fresh);
    pickAgain(list, values);
    waiting = null;
    for (const pill of $$("[data-fresh]")) pill.hidden = true;
    window.htmx.process(list);
    tell(list);
  };

  on("htmx:configRequest", (event) => {
    const list = event.detail.elt;
    if (!list.matches?.("[data-live-rows]")) return;
    event.detail.parameters.seen = list.dataset.seen;
    event.detail.parameters.have = shown(list).map((row) => row.id.replace("row-", "")).join(",");
  });
  on("htmx:beforeSwap", (event) => {
    alive(event);
    const list = event.detail.target;
    if (!list?.matches?.("[data-live-rows]") || event.detail.xhr.status !== 200) return;
    event.detail.shouldSwap = false;
    const fresh = read(event.detail.xhr.responseText);
    if (!fresh) return;
    if (inUse(list)) hold(list, fresh);
    else renew(list, fresh);
  });
  on("click", (event) => {
    const pill = event.target.closest("[data-fresh]"), list = $("[data-live-rows]");
    if (!pill || !list || !waiting) return;
    renew(list, waiting);
    ($("[data-row].cur a", list) || $("[data-row] a", list))?.focus({ preventScroll: true });
  });

  // A conversation follows its end only for those who were there.
  let atEnd = null;
  on("htmx:beforeSwap", (event) => {
    const box = event.detail.target?.id === "talk" && event.detail.target.closest(".scroll");
    atEnd = box && box.scrollHeight - box.scrollTop - box.clientHeight < 40 ? box : null;
  });
  on("htmx:afterSettle", () => {
    if (atEnd) atEnd.scrollTop = atEnd.scrollHeight;
    atEnd = null;
  });

  for (const list of $$("[data-live-rows]")) markTaken(list);
})();
