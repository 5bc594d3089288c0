// Follows a job's output: asks every now and then for what came since, while the page is looked at, until the job is over.
"use strict";

(() => {
  const box = document.getElementById("output");
  if (!box || box.dataset.over === "yes") return;
  const rest = document.getElementById("output-rest");
  const state = document.getElementById("output-state");
  const EVERY = 1500; // milliseconds
  const SLOWEST = 10000;
  const MOST = 20000; // lines kept on the page
  let next = Number(box.dataset.next);
  let wait = EVERY;
  const body = document.getElementById("output-lines");
  let count = (body.textContent.match(/\n/g) || []).length;

  const say = (text) => { if (state.textContent !== text) state.textContent = text; };
  const atEnd = () => box.scrollHeight - box.scrollTop - box.clientHeight < 40;

  function add(lines) {
    body.append(document.createTextNode(lines.map((line) => `${line}\n`).join("")));
    count += lines.length;
    if (count > MOST) {
      const kept = body.textContent.split("\n").slice(-MOST / 2);
      body.textContent = kept.join("\n");
      count = kept.length;
    }
  }

  async function look() {
    if (document.hidden) { setTimeout(look, EVERY); return; }
    try {
      const url = new URL(box.dataset.more, location.href);
      url.searchParams.set("start", next);
      const answer = await fetch(url, { headers: { Accept: "application/json" }, redirect: "manual" });
      if (answer.type === "opaqueredirect" || answer.status === 401) { say("You were signed out; load the page again."); return; }
      if (!answer.ok) throw new Error("no answer");
      const found = await answer.json();
      if (found.problem) {
        say(found.over ? "The job is over." : `Waiting: ${found.problem}.`);
        if (found.over) return;
        wait = Math.min(SLOWEST, wait * 1.5);
      } else {
        const follow = atEnd();
        if (found.start < next) { body.textContent = ""; count = 0; } // the file was begun anew
        if (found.lines.length) add(found.lines);
        rest.textContent = found.rest;
        wait = found.next !== next ? EVERY : Math.min(SLOWEST, wait * 1.2);
        next = found.next;
        if (follow) box.scrollTop = box.scrollHeight;
        if (found.over) { say("The job is over; this is all."); return; }
        say("Follows what the job writes.");
      }
    } catch {
      say("Headgate does not answer; trying again.");
      wait = SLOWEST;
    }
    setTimeout(look, wait);
  }

  box.scrollTop = box.scrollHeight;
  say("Follows what the job writes.");
  setTimeout(look, EVERY);
})();
