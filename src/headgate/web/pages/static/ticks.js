// One box ticks all boxes of a name: <input type="checkbox" data-ticks="NAME" hidden>. Without this script it is not shown.
"use strict";

(() => {
  const boxes = (all) => [...document.querySelectorAll(`input[type=checkbox][name="${CSS.escape(all.dataset.ticks)}"]`)];
  const show = () => { for (const all of document.querySelectorAll("input[data-ticks]")) all.hidden = false; };
  document.addEventListener("change", (event) => {
    const all = event.target.closest?.("input[data-ticks]");
    if (all) for (const box of boxes(all)) box.checked = all.checked;
  });
  document.addEventListener("headgate:fresh", show);
  show();
})();
