/* Writing an incident's update. Everything here only adds to a plain form.
     data-keep="url"       on the form: what is typed is saved there every 5 s and when the page is left
     data-reader="name"    the fields of one audience: wordings.NAME.*, or without a prefix for business
     data-phone="name"     shows what that audience reads while one types */
(() => {
  "use strict";
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const form = $("form[data-keep]");
  if (!form) return;
  const PARTS = ["what", "affected", "doing", "workaround"], SAVE = 5000;
  const said = $("[data-draft-said]");

  // --- the phones
  const text = (name) => (form.elements[name]?.value || "").trim();
  const given = (prefix) => PARTS.map((part) => text(prefix + part));
  const promised = $("[data-next]")?.textContent || "";
  const show = () => {
    const everybody = given("");
    for (const phone of $$("[data-phone]", form)) {
      const name = phone.dataset.phone, own = name === "business" ? everybody : given(`wordings.${name}.`);
      const read = own.some(Boolean) ? own : everybody;
      PARTS.forEach((part, place) => {
        for (const line of $$(`[data-part="${part}"]`, phone)) {
          line.hidden = !read[place];
          if (line.tagName === "DD") line.textContent = read[place];
        }
      });
      const at = text("next_update_at");
      $("[data-next]", phone).textContent = at ? `Next update ${at.slice(11, 16)}.` : promised;
    }
  };

  // --- drafts
  const typed = () => new URLSearchParams(new FormData(form)).toString();
  let saved = typed(), stopped = false;
  const say = (words) => { if (said) said.textContent = words; };
  const keep = async (leaving = false) => {
    const now = typed();
    if (stopped || now === saved) return;
    const before = saved;
    saved = now;
    const body = new URLSearchParams(now);
    body.set("quiet", "1");
    try {
      const answer = await fetch(form.dataset.keep, { method: "POST", body, keepalive: leaving, redirect: "error" });
      if (answer.status === 409) { stopped = true; say("Sent from another window; this text is kept in this browser"); }
      else if (answer.ok) say("Draft saved");
      else { saved = before; say("Draft kept in this browser"); }
    } catch { saved = before; say("Draft kept in this browser"); }
  };

  form.addEventListener("input", show);
  form.addEventListener("submit", () => { stopped = true; });
  setInterval(keep, SAVE);
  addEventListener("pagehide", () => keep(true));
  // what this browser kept may have come back into the fields by now, and must show and be saved
  addEventListener("load", show);
  show();
})();
