/* The filter line: what the typed word may become, by arrows and Enter; and where one stands in a list.
     data-filter-line           the form; #complete is filled by the server while one types
                                ="stay": a value that was chosen stays in the form, nothing is sent
     data-list="title"          a page with rows: its order is remembered, so that a ticket knows its neighbours
     data-position              "3 of 17" on the page of a ticket, with the way to its neighbours */
(() => {
  "use strict";
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const on = (name, act) => document.addEventListener(name, act);
  const store = {
    get(key) { try { return JSON.parse(sessionStorage.getItem(key) || "null"); } catch { return null; } },
    set(key, value) { try { sessionStorage.setItem(key, JSON.stringify(value)); } catch { /* comfort only */ } },
  };

  const line = $("[data-filter-line]"), menu = $("#complete"), field = line && $("[data-filter]", line);
  const options = () => (menu ? $$('[role="option"]', menu) : []);
  const close = () => {
    if (!menu) return;
    menu.hidden = true;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  };
  const mark = (option) => {
    for (const other of options()) other.setAttribute("aria-selected", String(other === option));
    field.setAttribute("aria-activedescendant", option ? option.id : "");
    option?.scrollIntoView({ block: "nearest" });
  };
  const marked = () => options().find((option) => option.getAttribute("aria-selected") === "true");
  const take = (option) => {
    const words = field.value.split(" ");
    words[words.length - 1] = option.dataset.text;
    field.value = words.join(" ");
    close();
    field.focus();
    if (option.hasAttribute("data-done") && line.dataset.filterLine !== "stay") line.requestSubmit();
    else field.dispatchEvent(new Event("input", { bubbles: true })); // the values of the key that was chosen
  };
  const key = (event) => {
    const all = options(), at = all.indexOf(marked());
    if (menu.hidden || !all.length) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      mark(all[(at + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length]);
    } else if (event.key === "Enter" && at >= 0) {
      event.preventDefault();
      take(all[at]);
    } else if (event.key === "Escape") {
      event.preventDefault();
      close();
    }
  };
  if (line && menu) {
    field.addEventListener("keydown", key);
    on("htmx:afterSettle", (event) => {
      if (event.detail.target !== menu || document.activeElement !== field) return;
      menu.hidden = options().length === 0;
      field.setAttribute("aria-expanded", String(!menu.hidden));
    });
    menu.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps its focus
    menu.addEventListener("click", (event) => {
      const option = event.target.closest('[role="option"]');
      if (option) take(option);
    });
    field.addEventListener("blur", close);
  }

  // --- neighbours
  const remember = () => {
    const list = $("[data-list]");
    if (!list) return;
    const addresses = $$("[data-row] a.t", list).filter((link) => !link.closest("[data-left]"))
      .map((link) => link.getAttribute("href"));
    store.set("list", { title: list.dataset.list, url: location.pathname + location.search, addresses });
  };
  const place = $("[data-position]"), list = store.get("list");
  const at = place && list ? list.addresses.indexOf(location.pathname) : -1;
  if (at >= 0) {
    $("[data-text]", place).textContent = `${at + 1} of ${list.addresses.length} in ${list.title}`;
    for (const [name, step] of [["before", -1], ["after", 1]]) {
      const link = $(`[data-${name}]`, place), address = list.addresses[at + step];
      link.hidden = !address;
      if (address) link.href = address;
    }
    place.hidden = false;
  }
  if (list) for (const back of $$("[data-back]")) back.href = list.url;
  remember();
  on("desk:rows", remember);
})();
