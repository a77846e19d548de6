/* Talking on a ticket. Everything here only adds to plain forms.
     data-presence="url"        says every 15 s that the page is open, and what is being written
     data-draft-url="url"       the text is saved there every 5 s and when the field is left
     data-seconds="8"           counts down to the moment a held reply goes out
     data-carry                 takes the typed text along
   Files: files.js. Naming people with @: mentions.js. */
(() => {
  "use strict";
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const composer = $("#composer"), field = composer && $("textarea", composer);
  const token = () => JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] || "";
  const kind = () => ($('[name="kind"]:checked', composer) || {}).value || "reply";
  const BEAT = 15000, STILL = 60000, SAVE = 5000;

  // --- presence: viewing, or writing while there is a text that was touched within the last minute
  let typedAt = 0, lastBeat = 0, lastState = null;
  const state = () => (field && field.value.trim() && Date.now() - typedAt < STILL ? kind() : "");
  const beat = () => {
    const place = $("[data-presence]");
    if (!place || document.hidden || !window.htmx) return;
    lastBeat = Date.now();
    lastState = state();
    window.htmx.ajax("POST", place.dataset.presence, { target: "#present", swap: "outerHTML", values: { writing: lastState } });
  };
  const beatIfDue = () => {
    if (Date.now() - lastBeat >= BEAT || (lastState !== state() && Date.now() - lastBeat > 1000)) beat();
  };

  // --- drafts
  let saved = field ? field.value : "", savedKind = field ? kind() : "", stopped = false;
  const say = (text) => { const said = composer && $("[data-draft-said]", composer); if (said) said.textContent = text; };
  const save = async (leaving = false) => {
    if (!field || !field.dataset.draftUrl || stopped || (field.value === saved && kind() === savedKind)) return;
    const text = field.value, which = kind();
    if (!text.trim() && !saved.trim()) return;
    [saved, savedKind] = [text, which];
    const body = new URLSearchParams({ text, kind: which, mark: field.dataset.draftBase || "" });
    try {
      const answer = await fetch(field.dataset.draftUrl, {
        method: "POST", body, keepalive: leaving, headers: { "X-CSRFToken": token() }, redirect: "error",
      });
      if (answer.status === 409) { stopped = true; say("Sent from another window; this text is kept in this browser"); }
      else if (!answer.ok) { saved = null; say("Draft kept in this browser"); }
      else say(text.trim() ? "Draft saved" : "");
    } catch { saved = null; say("Draft kept in this browser"); }
    if (saved === null) saved = "";
  };

  // --- what the writer has read: what came while they typed they may have missed, what stood in sight before not
  const seen = composer && $('[name="last_seen"]', composer);
  let empty = field ? !field.value : true;
  const begin = () => {
    const talk = $("#talk"), newest = talk && document.getElementById(`entry-${talk.dataset.lastPublic}`);
    if (!seen || !newest) return;
    if (newest.getBoundingClientRect().top < talk.closest(".scroll").getBoundingClientRect().bottom) seen.value = talk.dataset.lastPublic;
  };

  // --- wiring
  if (field) {
    field.addEventListener("input", () => {
      if (empty && field.value) begin();
      empty = !field.value;
      typedAt = Date.now();
      beatIfDue();
    });
    field.addEventListener("blur", () => save());
    composer.addEventListener("change", () => beatIfDue());
    composer.addEventListener("submit", (event) => { if (event.submitter?.name !== "preview") stopped = true; });
    document.addEventListener("visibilitychange", () => { if (document.hidden) save(true); });
    window.addEventListener("pagehide", () => save(true));
    setInterval(() => save(), SAVE);
  }
  document.addEventListener("submit", (event) => {
    for (const carry of $$("[data-carry]", event.target)) carry.value = field ? field.value : "";
  });
  document.addEventListener("visibilitychange", beatIfDue);
  setInterval(beatIfDue, 1000);
  setInterval(() => {
    for (const left of $$("[data-seconds]")) {
      const now = Math.max(0, Number(left.dataset.seconds) - 1);
      left.dataset.seconds = left.textContent = now;
    }
  }, 1000);
  beat();
})();
