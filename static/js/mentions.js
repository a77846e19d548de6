/* Naming people and teams with @ in an internal note; without script one types the name in full.
     data-mentions="url"    a text field: while a name is typed, url?q= fills the listbox #mentions
   While the list is shown the field is a combobox: its focus stays, aria-activedescendant tells what is chosen. */
(() => {
  "use strict";
  const field = document.querySelector("[data-mentions]"), list = document.getElementById("mentions");
  if (!field || !list) return;
  const NAME = /(?:^|[^\w@./\\])@([\w.+-]{0,40})$/, WAIT = 120;
  const isNote = () => field.form.elements.kind.value === "note"; // nobody is named to the customer
  const options = () => [...list.querySelectorAll('[role="option"]')];
  const chosen = () => list.querySelector('[aria-selected="true"]');
  let timer = 0, asked = 0, left = null; // left: the name whose list was closed by Esc

  const typed = () => {
    if (!isNote() || field.selectionStart !== field.selectionEnd) return null;
    const match = NAME.exec(field.value.slice(0, field.selectionStart));
    return match && match[1];
  };
  const choose = (option) => {
    for (const other of options()) other.setAttribute("aria-selected", String(other === option));
    field.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  };
  const close = () => {
    asked += 1;
    clearTimeout(timer);
    list.hidden = true;
    field.removeAttribute("role");
    for (const name of ["expanded", "controls", "autocomplete", "haspopup", "activedescendant"]) field.removeAttribute(`aria-${name}`);
  };
  const open = () => {
    list.hidden = false;
    field.setAttribute("role", "combobox");
    for (const [name, value] of [["expanded", "true"], ["controls", list.id], ["autocomplete", "list"], ["haspopup", "listbox"]]) {
      field.setAttribute(`aria-${name}`, value);
    }
    choose(options()[0]);
  };
  const take = (option) => {
    const end = field.selectionStart, start = end - typed().length;
    field.setRangeText(`${option.dataset.name} `, start, end, "end");
    close();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const ask = async (name) => {
    const number = asked += 1;
    try {
      const answer = await fetch(`${field.dataset.mentions}?q=${encodeURIComponent(name)}`, { headers: { "HX-Request": "true" } });
      if (number !== asked || !answer.ok) return;
      list.innerHTML = await answer.text();
    } catch { return; } // the name can be typed in full
    if (number !== asked || document.activeElement !== field) return;
    if (options().length) open();
    else close();
  };
  const look = () => {
    const name = typed();
    if (name === null) left = null;
    if (name === null || name === left) return close();
    left = null;
    clearTimeout(timer);
    timer = setTimeout(() => ask(name), WAIT);
    return undefined;
  };

  field.addEventListener("input", look);
  field.addEventListener("click", look);
  field.addEventListener("blur", close);
  field.addEventListener("keydown", (event) => {
    if (list.hidden || event.ctrlKey || event.metaKey || event.altKey) return;
    const all = options(), at = all.indexOf(chosen()), step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) choose(all[(at + step + all.length) % all.length]);
    else if (event.key === "Enter" || event.key === "Tab") take(all[at]);
    else if (event.key === "Escape") { left = typed(); close(); }
    else return;
    event.preventDefault();
  });
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps its focus
  list.addEventListener("click", (event) => {
    const option = event.target.closest('[role="option"]');
    if (option) take(option);
  });
})();
