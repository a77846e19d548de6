/* Behaviours of the desk. Everything here only adds to plain links and forms that work without it.
   Markup speaks through data attributes:
     data-key="e" | "E"      pressing the key (Shift for capitals) clicks, or focuses, the element;
                             inside a data-row only that of the row under the cursor
     data-go="q"             pressing g then the letter follows the link
     data-open="id"          opens the dialog; data-close closes the one around it
     data-due="epoch" data-format="count|words"   a clock that ticks; data-total="seconds" moves its ring
     data-since="epoch"      a time that grows; data-minutes-since="epoch" offers its minutes in a field
     data-composer, data-vis="public|note"         reply or internal note
     data-draft="key" data-draft-base="id"         typed text kept in this browser until it was sent
     data-row data-preview="url"                   rows for the cursor keys; preview goes to #preview
     data-url on a row       the ticket's page: single keys ask about the row under the cursor without leaving the list
     data-mirror="id", data-priority, data-cell, data-pri-out
   Lists that refresh themselves: live.js. The filter line: filter.js. */
(() => {
  "use strict";
  const root = document.documentElement;
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const on = (name, act) => document.addEventListener(name, act);
  const visible = (element) => element.getClientRects().length > 0;
  const store = {
    get(key) { try { return localStorage.getItem(key); } catch { return null; } },
    set(key, value) { try { localStorage.setItem(key, value); } catch { /* full or off: nothing is lost but comfort */ } },
    drop(key) { try { localStorage.removeItem(key); } catch { /* as above */ } },
    keys() { try { return Object.keys(localStorage); } catch { return []; } },
  };

  // One polite sentence at a time, at most one in five seconds.
  let spoken = 0;
  const say = (sentence) => {
    const live = $("#live");
    if (!live || Date.now() - spoken < 5000) return;
    spoken = Date.now();
    live.textContent = sentence;
  };

  // --- theme
  const dark = () => root.dataset.theme === "dark"
    || (!root.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  const switchTheme = () => {
    root.dataset.theme = dark() ? "light" : "dark";
    store.set("theme", root.dataset.theme);
  };

  // --- clocks: the server's time decides, so its offset to this machine is taken once per page
  const offset = root.dataset.now ? Number(root.dataset.now) * 1000 - Date.now() : 0;
  const two = (n) => String(n).padStart(2, "0");
  const count = (seconds) => {
    const s = Math.abs(seconds), h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
    return (seconds < 0 ? "−" : "") + (h ? `${h}:${two(m)}` : m) + ":" + two(s % 60);
  };
  const words = (seconds) => {
    const m = Math.floor(Math.abs(seconds) / 60), h = Math.floor(m / 60), d = Math.floor(h / 24);
    const text = d ? `${d}d${h % 24 ? ` ${h % 24}h` : ""}` : h ? `${h}h${m % 60 ? ` ${m % 60}m` : ""}` : `${m}m`;
    return (seconds < 0 ? "−" : "") + text;
  };
  const tick = () => {
    const now = (Date.now() + offset) / 1000;
    for (const element of $$("[data-due]")) {
      const left = Math.floor(Number(element.dataset.due) - now);
      const text = element.dataset.format === "count" ? count(left) : words(left);
      if (element.textContent !== text) element.textContent = text;
      if (element.dataset.format === "count" && (left === 120 || left === 0)) {
        say(left ? "Two minutes to the next update" : "The next update is due now");
      }
      const total = Number(element.dataset.total);
      const share = total && element.closest(".clk, .count")?.querySelector("[data-share]");
      if (!share) continue;
      const part = left < 0 ? 100 : Math.min(100, (100 * left) / total); // late: the whole ring, in red
      share.setAttribute("stroke-dasharray", `${part.toFixed(1)} 100`);
    }
    for (const element of $$("[data-since]")) element.textContent = count(Math.max(0, Math.floor(now - Number(element.dataset.since))));
    for (const field of $$("[data-minutes-since]")) { // what a timer offers, until somebody types something else
      const offered = String(Math.min(1440, 5 * Math.max(1, Math.ceil((now - Number(field.dataset.minutesSince)) / 300))));
      if (field.value === field.dataset.offered || field.value === field.defaultValue) field.value = field.dataset.offered = offered;
    }
  };

  // --- dialogs
  const openDialog = (id) => {
    const dialog = document.getElementById(id);
    if (!dialog || typeof dialog.showModal !== "function") return false;
    dialog.removeAttribute("open"); // shown by the server without script: raise it to a modal one
    dialog.showModal();
    return true;
  };

  // --- toasts
  const fade = (toast) => {
    let timer = setTimeout(() => toast.remove(), 6000);
    const hold = () => clearTimeout(timer);
    const release = () => { hold(); timer = setTimeout(() => toast.remove(), 3000); };
    toast.addEventListener("pointerenter", hold);
    toast.addEventListener("focusin", hold);
    toast.addEventListener("pointerleave", release);
    toast.addEventListener("focusout", release);
  };
  const toast = (text) => {
    const model = $("#toast-model"), place = $(".toasts");
    if (!model || !place) return;
    const element = model.content.firstElementChild.cloneNode(true);
    $("[data-text]", element).textContent = text;
    place.append(element);
    fade(element);
  };

  // --- composer: the button always says who will read it
  const setAudience = (composer, note) => {
    composer.classList.toggle("note", note);
    for (const part of $$("[data-when]", composer)) part.hidden = (part.dataset.when === "note") !== note;
    const words = $("[data-send] [data-text]", composer);
    if (words) words.textContent = note ? words.dataset.note || "Add internal note" : words.dataset.public || "Send to customer";
  };
  const chooseAudience = (kind) => {
    const choice = $(`[data-composer] [data-vis="${kind}"]`);
    if (!choice) return false;
    choice.checked = true;
    setAudience(choice.closest("[data-composer]"), kind === "note");
    $("textarea", choice.closest("[data-composer]"))?.focus();
    return true;
  };

  // --- drafts: kept until the server shows that the text arrived (its base moved on)
  const draftKey = (field) => `draft:${root.dataset.user || ""}:${field.dataset.draft}`;
  const restoreDraft = (field) => {
    const kept = JSON.parse(store.get(draftKey(field)) || "null");
    if (!kept) return;
    if (kept.sent && kept.base !== (field.dataset.draftBase || "sent")) store.drop(draftKey(field));
    else if (!field.value || (kept.at || 0) > Number(field.dataset.draftAt || Infinity)) field.value = kept.text; // newer than the server's
  };
  const keepDraft = (field, sent = false) => {
    if (!field.value) return store.drop(draftKey(field));
    return store.set(draftKey(field), JSON.stringify({ text: field.value, base: field.dataset.draftBase || "", sent, at: Date.now() + offset }));
  };

  // --- priority: the lit cell of the table is the answer, so the rule stays on the server
  const showPriority = (form) => {
    const chosen = (name) => {
      const field = form.elements[name];
      return field ? field.value : "";
    };
    const place = `${chosen("impact")}-${chosen("urgency")}`;
    for (const cell of $$("[data-cell]")) {
      const lit = cell.dataset.cell === place;
      cell.toggleAttribute("data-on", lit);
      if (!lit) continue;
      for (const out of $$("[data-pri-out]")) {
        const rank = cell.textContent.trim();
        out.textContent = rank;
        out.className = `p lg ${rank.toLowerCase()}`;
      }
    }
  };
  const mirror = (field) => {
    const out = document.getElementById(field.dataset.mirror);
    if (out) out.textContent = field.selectedOptions ? field.selectedOptions[0]?.textContent ?? "" : field.value;
  };

  // --- rows: cursor, pick, preview
  let cursor = null, lastPick = null, previewTimer = 0;
  const rows = () => $$("[data-row]").filter(visible);
  const placeKey = () => `cursor:${location.pathname}${location.search}`;
  const keepPlace = (row) => {
    try { sessionStorage.setItem(placeKey(), JSON.stringify([row.id, rows().indexOf(row)])); } catch { /* comfort only */ }
  };
  const placeAgain = () => { // after a verb the list comes back: the same row, or the one that stands there now
    let kept = null;
    try { kept = JSON.parse(sessionStorage.getItem(placeKey()) || "null"); } catch { /* as above */ }
    const all = rows();
    if (!kept || !all.length || document.activeElement !== document.body) return;
    moveTo(all.find((row) => row.id === kept[0]) || all[Math.min(kept[1], all.length - 1)]);
  };
  const moveTo = (row) => {
    if (!row) return;
    keepPlace(row);
    for (const other of $$("[data-row].cur")) other.classList.remove("cur");
    cursor = row.id || null;
    row.classList.add("cur");
    $("a", row)?.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
    const place = $("#preview");
    if (!place || !visible(place) || !row.dataset.preview || !window.htmx) return;
    clearTimeout(previewTimer);
    previewTimer = setTimeout(() => window.htmx.ajax("GET", row.dataset.preview, { source: "#preview", target: "#preview", swap: "innerHTML" }), 120);
  };
  const here = () => rows().findIndex((row) => row.classList.contains("cur"));
  const step = (by) => {
    const all = rows();
    if (!all.length) return false;
    moveTo(all[Math.max(0, Math.min(all.length - 1, here() + by))]);
    return true;
  };
  const showPicked = () => {
    for (const row of $$("[data-row]")) row.classList.toggle("picked", Boolean($("input[type=checkbox]", row)?.checked));
    const n = $$("[data-row].picked").length;
    for (const bar of $$(".bulk")) {
      bar.hidden = n === 0;
      const words = $(".cnt", bar);
      if (words) words.textContent = `${n} selected`;
    }
  };
  const pick = (range) => {
    const all = rows(), at = here();
    if (at < 0) return;
    const from = range && lastPick !== null ? Math.min(lastPick, at) : at;
    const to = range && lastPick !== null ? Math.max(lastPick, at) : at;
    const value = range || !$("input[type=checkbox]", all[at])?.checked;
    for (const row of all.slice(from, to + 1)) { const box = $("input[type=checkbox]", row); if (box) box.checked = value; }
    lastPick = at;
    showPicked();
  };

  const clearPicks = () => {
    const boxes = $$("[data-row] input:checked");
    for (const box of boxes) box.checked = false;
    if (boxes.length) showPicked();
    return boxes.length > 0;
  };

  // --- verbs on the row under the cursor: the question of its own page, answered without leaving the list
  const ROW_VERBS = { a: "assign", p: "priority", v: "severity", e: "escalate", E: "hand_back", l: "link", m: "macro", w: "wait" };
  let asking = false; // a key typed before the question is there would go to the row behind it
  const askAbout = (row, verb) => {
    asking = true;
    const ask = (address, select) => window.htmx.ajax("GET", address, { source: "#asked", target: "#asked", swap: "innerHTML", select })
      .then(() => { if (!$("#asked dialog")) toast("That is not possible for this ticket now."); })
      .finally(() => { asking = false; });
    return verb === "status" ? ask(`${row.dataset.url}moves/`, "#status") : ask(`${row.dataset.url}?open=${verb}`, `#${verb}`);
  };
  const comeBack = () => { // a form that was asked for in a list leads back to it
    const next = $("#asked")?.dataset.backTo;
    if (!next) return;
    for (const form of $$("#asked form[action]")) {
      if (form.elements.back_to) continue;
      const field = document.createElement("input");
      field.type = "hidden";
      field.name = "back_to";
      field.value = next;
      form.append(field);
    }
  };
  const rowKey = (name) => {
    const row = $("[data-row].cur[data-url]");
    if (!row || !$("#asked")) return false;
    if (ROW_VERBS[name] || name === "s") { askAbout(row, ROW_VERBS[name] || "status"); return true; }
    if (name === "r" || name === "n") { location.assign(`${row.dataset.url}#${name === "n" ? "note" : "reply"}`); return true; }
    const form = document.getElementById("row-act");
    if (name !== "i" || !form) return false;
    form.action = `${row.dataset.url}take/`;
    form.submit();
    return true;
  };

  // --- palette: filters what the page offers; Enter without a match asks the search page
  const options = () => $$('#pal [role="option"]').filter((option) => !option.hidden);
  const choose = (option) => {
    for (const other of $$('#pal [role="option"]')) other.setAttribute("aria-selected", String(other === option));
    $("#pal input")?.setAttribute("aria-activedescendant", option ? option.id : "");
    option?.scrollIntoView({ block: "nearest" });
  };
  const filterPalette = (text) => {
    const parts = text.toLowerCase().split(/\s+/).filter(Boolean);
    for (const option of $$('#pal [role="option"]:not([data-search], #pal-found *)')) {
      option.hidden = !parts.every((part) => option.textContent.toLowerCase().includes(part));
    }
    for (const group of $$("#pal [data-group]:not(#pal-found *)")) group.hidden = !$$('[role="option"]', group).some((option) => !option.hidden);
    const search = $("#pal [data-search]");
    if (search) { search.hidden = !text.trim(); $("[data-text]", search).textContent = text; }
    choose(options()[0]);
  };
  const run = (option) => {
    if (option.hasAttribute("data-search")) return option.closest("dialog").querySelector("form").requestSubmit();
    $("#pal").close();
    if (!option.dataset.runs) return option.click();
    const target = $$(`main [data-key="${CSS.escape(option.dataset.runs)}"]`).find(visible);
    return target && press(target);
  };
  const paletteKey = (event) => {
    const all = options(), at = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(all[(at + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length]);
    } else if (event.key === "Enter" && all[at] && !all[at].hasAttribute("data-search")) {
      event.preventDefault();
      run(all[at]);
    }
  };
  const wordsOf = (element) => {
    const copy = element.cloneNode(true);
    for (const extra of $$(".kbd, svg", copy)) extra.remove();
    return (element.dataset.name || element.getAttribute("aria-label") || copy.textContent).trim();
  };
  const listActions = () => {
    const place = $("#pal [data-actions]");
    if (!place) return;
    for (const old of $$('[role="option"]', place)) old.remove();
    for (const element of $$("main [data-key]").filter(visible)) {
      const option = document.createElement("div"), hint = document.createElement("kbd");
      option.id = `opt-key-${element.dataset.key}`;
      option.setAttribute("role", "option");
      option.dataset.runs = element.dataset.key;
      option.textContent = wordsOf(element);
      hint.className = "kbd push";
      hint.textContent = (/[A-Z]/.test(element.dataset.key) ? "⇧" : "") + element.dataset.key.toUpperCase();
      option.append(hint);
      place.append(option);
    }
  };
  const openPalette = () => {
    listActions(); // before the dialog makes the page behind it inert
    if (!openDialog("pal")) return;
    const input = $("#pal input");
    input.value = "";
    $("#pal-found")?.replaceChildren();
    filterPalette("");
    input.focus();
  };

  // --- keyboard: silent inside fields and dialogs, and when the profile says so (WCAG 2.1.4)
  let going = false;
  const press = (element) => {
    if (element.matches("input:not([type=checkbox], [type=radio]), textarea, select")) element.focus();
    else element.click();
  };
  const key = (event) => {
    const busy = event.target.closest?.("input, textarea, select, [contenteditable], dialog");
    if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") { event.preventDefault(); return openPalette(); }
    if ((event.metaKey || event.ctrlKey) && event.key === "Enter" && event.target.form) {
      event.preventDefault();
      const form = event.target.form;
      return form.requestSubmit($("[data-send]", form) || undefined);
    }
    if (event.target.closest?.("#pal")) return paletteKey(event);
    const box = event.target.matches?.("[data-row] input[type=checkbox]");
    if (asking || (busy && !box) || event.metaKey || event.ctrlKey || event.altKey || root.dataset.shortcuts === "off") return undefined;
    if (going) {
      going = false;
      const link = $$("[data-go]").find((element) => element.dataset.go === event.key);
      if (link) { event.preventDefault(); link.click(); }
      return undefined;
    }
    if (event.key === "g") { going = true; setTimeout(() => { going = false; }, 1500); return undefined; }
    const by = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
    const holders = $$(`[data-key="${CSS.escape(event.key)}"]`).filter(visible);
    const owned = holders.find((element) => element.closest("[data-row].cur")) || holders.find((element) => !element.closest("[data-row]"));
    if (by && rows().length) { event.preventDefault(); return step(by); }
    if (event.key === "x" || event.key === "X") return pick(event.key === "X");
    if (event.key === "?") { event.preventDefault(); return openDialog("keys"); }
    if (event.key === "Escape" && ($(":popover-open") || clearPicks())) return undefined;
    if (event.key === "Enter" && event.target === document.body) return $("[data-row].cur a")?.click();
    if (owned) { event.preventDefault(); return press(owned); }
    if (rowKey(event.key)) { event.preventDefault(); return undefined; }
    if ((event.key === "r" && chooseAudience("public")) || (event.key === "n" && chooseAudience("note"))) event.preventDefault();
    else if (event.key === "/") {
      const field = $("[data-filter]") || $(".bar .search input:not([type=hidden])");
      if (field) { event.preventDefault(); field.focus(); }
    }
    return undefined;
  };

  // --- rows that were exchanged (live.js), questions that were fetched
  on("desk:rows", () => {
    const row = cursor && document.getElementById(cursor);
    if (row) row.classList.add("cur");
    showPicked();
    tick();
  });
  on("desk:say", (event) => say(event.detail));
  on("desk:parts", () => tick());
  on("htmx:afterSettle", () => {
    const row = cursor && document.getElementById(cursor);
    if (row) row.classList.add("cur");
    showPicked();
    tick();
    for (const dialog of $$("dialog[open]:not(:modal)")) openDialog(dialog.id); // a question that was fetched
    if ($("#pal[open]") && !options().some((option) => option.getAttribute("aria-selected") === "true" && !option.hasAttribute("data-search"))) choose(options()[0]);
  });
  on("toast", (event) => toast(event.detail.value || event.detail.text || ""));

  // --- one listener per kind of event; parts swapped in later need no wiring
  on("click", (event) => {
    const hit = (selector) => event.target.closest(selector);
    if (hit("[data-theme-toggle]")) return switchTheme();
    if (hit("[data-print]")) return window.print();
    const option = hit('#pal [role="option"]:not(a)');
    if (option) return run(option);
    const opener = hit("[data-open]");
    if (opener) {
      if (opener.dataset.open === "pal") { event.preventDefault(); return openPalette(); }
      if (openDialog(opener.dataset.open)) event.preventDefault();
      return undefined;
    }
    if (hit("[data-close]")) { event.preventDefault(); return hit("dialog")?.close(); }
    if (hit("[data-clear]")) return clearPicks();
    if (event.target.tagName === "DIALOG" && event.target.open) event.target.close(); // the backdrop
    return undefined;
  });
  on("change", (event) => {
    const field = event.target;
    if (field.matches("[data-vis]")) setAudience(field.closest("[data-composer]"), field.dataset.vis === "note");
    if (field.matches("[data-all]")) {
      for (const box of $$("[data-row] input[type=checkbox]")) box.checked = field.checked;
    }
    if (field.matches("[data-row] input[type=checkbox], [data-all]")) showPicked();
    if (field.matches("[data-submit]")) field.form?.requestSubmit();
    const form = field.closest("[data-priority]");
    if (form) showPriority(form);
  });
  on("input", (event) => {
    const field = event.target;
    if (field.matches("#pal input")) filterPalette(field.value);
    if (field.matches("[data-mirror]")) mirror(field);
    if (field.matches("[data-draft]")) keepDraft(field);
  });
  on("submit", (event) => {
    comeBack();
    for (const field of $$("[data-draft]", event.target)) keepDraft(field, true);
    if (event.target.matches("[data-forget]")) {
      for (const name of store.keys()) if (name.startsWith("draft:")) store.drop(name);
    }
  });
  on("keydown", key);
  on("keyup", (event) => {
    const caps = event.target.type === "password" && event.getModifierState?.("CapsLock");
    for (const note of $$("[data-caps]")) note.hidden = !caps;
  });

  // --- start
  if (/Mac|iP(hone|ad)/.test(navigator.platform)) for (const k of $$("[data-mod]")) k.textContent = "⌘" + k.dataset.mod;
  for (const composer of $$("[data-composer]")) {
    const chosen = $("[data-vis]:checked", composer);
    if (chosen) setAudience(composer, chosen.dataset.vis === "note");
  }
  for (const field of $$("[data-draft]")) restoreDraft(field);
  for (const form of $$("[data-priority]")) showPriority(form);
  for (const field of $$("[data-mirror]")) if (field.value) mirror(field);
  for (const dialog of $$("dialog[open]")) openDialog(dialog.id);
  for (const element of $$(".toasts .toast")) fade(element);
  const marked = $("[data-row].cur");
  if (marked) cursor = marked.id;
  $('[aria-invalid="true"]')?.focus();
  if (["#reply", "#note"].includes(location.hash)) chooseAudience(location.hash === "#note" ? "note" : "public");
  const chosen = $("[data-theme-saved]"); // the profile decides; what this browser remembered before is over
  if (chosen) { store.drop("theme"); if (chosen.dataset.themeSaved) root.dataset.theme = chosen.dataset.themeSaved; else delete root.dataset.theme; }
  placeAgain();
  showPicked();
  tick();
  setInterval(tick, 1000);
})();
