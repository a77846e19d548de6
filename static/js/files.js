/* Files for a message: chosen, dropped anywhere on the page, or pasted; listed with a way to take each out again.
     data-files data-most="bytes" data-refused="exe com"    the list in #composer; what the server would refuse is said
                                                            at once, and the server judges all the same */
(() => {
  "use strict";
  const composer = document.getElementById("composer"), list = composer?.querySelector("[data-files]");
  const input = composer?.querySelector('input[type="file"]'), field = composer?.querySelector("textarea");
  if (!input || !list || !window.DataTransfer) return;
  const MEGABYTE = 1024 * 1024, most = Number(list.dataset.most), refused = list.dataset.refused.split(" ");
  let files = [];

  const size = (bytes) => (bytes < MEGABYTE ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / MEGABYTE).toFixed(1)} MB`);
  const refusal = (file) => {
    const ending = file.name.split(".").pop().toLowerCase();
    if (file.size > most) return `${file.name} has ${Math.ceil(file.size / MEGABYTE)} MB; a file may have at most ${most / MEGABYTE} MB. Send a link to it instead.`;
    if (refused.includes(ending)) return `${file.name} ends in .${ending}, which runs when it is opened, so it is not taken. Put it into a ZIP file if somebody really needs it.`;
    return "";
  };
  const line = (...parts) => {
    const row = document.createElement("li");
    row.dataset.new = "";
    row.className = "row small";
    row.append(...parts);
    list.append(row);
  };
  const words = (look, text) => {
    const part = document.createElement("span");
    part.className = look;
    part.textContent = text;
    return part;
  };
  const remover = (file) => {
    const out = document.createElement("button");
    out.type = "button";
    out.className = "btn quiet sm";
    out.textContent = "Remove";
    out.setAttribute("aria-label", `Remove ${file.name}`);
    out.addEventListener("click", () => { files = files.filter((other) => other !== file); show(); field.focus(); });
    return out;
  };
  const show = (sentences = []) => {
    const box = new DataTransfer();
    for (const file of files) box.items.add(file);
    input.files = box.files;
    for (const old of list.querySelectorAll("[data-new]")) old.remove();
    for (const file of files) line(words("clip", file.name), words("muted num", size(file.size)), remover(file));
    for (const sentence of sentences) {
      const row = document.getElementById("refusal-model").content.firstElementChild.cloneNode(true);
      row.querySelector("[data-text]").textContent = sentence;
      list.append(row);
    }
  };
  const add = (more) => {
    files = [...files, ...more.filter((file) => !refusal(file))];
    show(more.map(refusal).filter(Boolean));
  };

  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  composer.classList.add("scripted");
  input.addEventListener("change", () => add([...input.files]));
  document.addEventListener("dragover", (event) => { // a file dropped beside the box must not replace the page
    if (!carriesFiles(event)) return;
    event.preventDefault();
    composer.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) composer.classList.remove("over"); });
  document.addEventListener("drop", (event) => {
    composer.classList.remove("over");
    if (!carriesFiles(event)) return;
    event.preventDefault();
    add([...event.dataTransfer.files]);
    field.focus();
  });
  field.addEventListener("paste", (event) => {
    const pasted = [...(event.clipboardData?.files || [])];
    if (!pasted.length || event.clipboardData.types.includes("text/plain")) return; // text goes its usual way
    event.preventDefault();
    add(pasted);
  });
})();
