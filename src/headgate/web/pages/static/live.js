// Keeps what is on a page true: when there is news, the page is fetched again and its live parts are put in place.
//
// A live part is an element with an id and data-live="TOPICS". Without this script a page is as good, and stands still.
// What somebody has opened, focused, typed or scrolled stays; a part that holds the focus of a form waits.
"use strict";

(() => {
  const parts = () => [...document.querySelectorAll("[data-live][id]")];
  const topics = new Set(parts().flatMap((part) => part.dataset.live.split(/[ ,]+/)).filter(Boolean));
  if (topics.size === 0) return;

  const state = document.getElementById("live-state");
  const say = (text) => { if (state && state.textContent !== text) state.textContent = text; };
  const SOONEST = 3000; // milliseconds between two fetches
  const ANYWAY = 30000; // news may be lost; after this long we look again
  let last = Date.now();
  let timer = 0;
  let fetching = false;

  const busyTyping = (part) =>
    part.contains(document.activeElement) && document.activeElement.matches("input:not([type=checkbox]), textarea, select");

  const opened = (part) => new Set([...part.querySelectorAll("details[id][open]")].map((one) => one.id));
  const ticked = (part) => new Set([...part.querySelectorAll("input[type=checkbox][id]:checked")].map((one) => one.id));

  function put(part, fresh) {
    if (part.outerHTML === fresh.outerHTML || busyTyping(part)) return;
    const open = opened(part);
    const ticks = ticked(part);
    const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
    const place = document.importNode(fresh, true);
    for (const one of place.querySelectorAll("details[id]")) if (open.has(one.id)) one.open = true;
    for (const one of place.querySelectorAll("input[type=checkbox][id]")) if (ticks.has(one.id)) one.checked = true;
    part.replaceWith(place);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    place.dispatchEvent(new CustomEvent("headgate:fresh", { bubbles: true }));
  }

  async function refresh() {
    timer = 0;
    if (fetching || document.hidden) return;
    fetching = true;
    last = Date.now();
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "manual" });
      if (answer.type === "opaqueredirect" || answer.status === 401) { say("You were signed out; load the page again."); stop(); return; }
      if (!answer.ok) { say("The page cannot be renewed now."); return; }
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of parts()) {
        const other = fresh.getElementById(part.id);
        if (other) put(part, other);
      }
      say("Live");
    } catch {
      say("Headgate does not answer; trying again.");
    } finally {
      fetching = false;
    }
  }

  function soon(wait) {
    if (timer) return;
    const rest = Math.max(wait, SOONEST - (Date.now() - last)) + Math.random() * 500; // not all browsers at once
    timer = setTimeout(refresh, rest);
  }

  let stream = null;
  function start() {
    if (stream) return;
    stream = new EventSource(`/ui/live?topics=${encodeURIComponent([...topics].join(","))}`);
    stream.addEventListener("open", () => say("Live"));
    stream.addEventListener("news", () => soon(0));
    stream.addEventListener("error", () => say("Headgate does not answer; trying again."));
  }
  function stop() {
    stream?.close();
    stream = null;
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) stop();
    else { start(); soon(0); }
  });
  addEventListener("pagehide", stop);
  setInterval(() => { if (!document.hidden && Date.now() - last > ANYWAY) soon(0); }, 5000);
  if (!document.hidden) start();
})();
