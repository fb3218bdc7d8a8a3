// The search in the top bar: suggestions below it while somebody types, by htmx; arrows lead through them, Escape closes them.
// Without script it is a form that leads to the page of the search, which has the same hits.
"use strict";

(() => {
  const form = document.querySelector("[data-find]");
  if (!form) return;
  const box = form.querySelector("[data-search]");
  const found = document.getElementById("found-here");
  const links = () => Array.from(found.querySelectorAll("a"));
  const close = () => { found.hidden = true; };
  const open = () => { found.hidden = !box.value.trim() || !found.firstElementChild; };

  box.addEventListener("htmx:configRequest", (event) => {
    if (!box.value.trim()) event.preventDefault();
  });
  box.addEventListener("input", () => { if (!box.value.trim()) close(); });
  box.addEventListener("focus", open);
  found.addEventListener("htmx:afterSwap", () => { if (form.contains(document.activeElement)) open(); });
  document.addEventListener("click", (event) => { if (!form.contains(event.target)) close(); });
  form.addEventListener("focusout", (event) => { if (event.relatedTarget && !form.contains(event.relatedTarget)) close(); });

  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      if (found.hidden) return;
      event.preventDefault();
      box.focus();
      close(); // after the focus, which opens it
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (found.hidden) open();
      if (found.hidden) return;
      event.preventDefault();
      const ways = [box, ...links()];
      const at = Math.max(ways.indexOf(document.activeElement), 0);
      ways[(at + (event.key === "ArrowDown" ? 1 : ways.length - 1)) % ways.length].focus();
    }
  });

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
      if (!box.offsetParent) return; // narrow screens have a page for it
      event.preventDefault();
      box.focus();
      box.select();
    }
  });
})();
