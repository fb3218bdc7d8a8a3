// Pages that change by themselves. One stream of events a page says that something happened; the page is asked for again and its live
// parts are replaced in place. Rows never come, go or move under the reader: a strip says how much has changed. While there is no
// stream, the page asks now and then. A part that is pointed at, typed in or opened waits until it is left.
"use strict";

(() => {
  const GATHER = 400; // milliseconds: what one report announces comes in several events
  const GAP = 5000; // milliseconds between two refreshes, however much happens
  const ASK = 30000; // how often a page asks that has no stream
  const LOOK = 120000; // and how often one that has: a site falls silent without an event
  const HIDDEN = 10000; // a page that nobody sees gives its stream back; a browser has six connections for a server
  const AGAIN = [30000, 60000, 300000]; // until a stream that was refused is tried again

  const bar = document.getElementById("live");
  const topics = bar ? bar.dataset.topics.trim() : "";
  const listens = topics.split(",");

  let source = null;
  let isOpen = false;
  let isOver = false;
  let known = null;
  let refused = 0;
  let refreshed = Date.now();
  let changes = 0;
  let waiting = null;
  let leaving = null;
  let lostAt = null;

  /* The stream ------------------------------------------------------------------------------------------------------------------ */

  function open() {
    if (!topics || source || isOver || document.hidden) return;
    source = new EventSource(`/api/v1/events?topics=${encodeURIComponent(topics)}${known ? `&after=${known}` : ""}`);
    source.addEventListener("subscribed", (event) => {
      remember(event);
      refused = 0;
      say(true);
    });
    source.addEventListener("change", (event) => {
      remember(event);
      happened(JSON.parse(event.data));
    });
    source.addEventListener("reset", () => soon());
    source.addEventListener("paused", () => say(false));
    source.addEventListener("resumed", () => say(true));
    source.addEventListener("ended", () => {
      isOver = true;
      close();
      say(false);
    });
    source.onerror = () => {
      say(false);
      if (source && source.readyState === EventSource.CLOSED) {
        close();
        setTimeout(open, AGAIN[Math.min(refused, AGAIN.length - 1)]);
        refused += 1;
      }
    };
  }

  function close() {
    if (source) source.close();
    source = null;
    isOpen = false;
  }

  function remember(event) {
    if (event.lastEventId) known = event.lastEventId;
  }

  /* What the top bar says: live, or since when not. */
  function say(open) {
    isOpen = open;
    lostAt = open ? null : lostAt || new Date();
    const state = bar.querySelector("[data-live-state]");
    const at = lostAt && lostAt.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    state.hidden = false;
    state.classList.toggle("is-live", open);
    state.lastChild.textContent = open ? "Live" : isOver ? `Not live since ${at}` : `Not live since ${at}, asks every ${ASK / 1000} s`;
  }

  /* When to ask ----------------------------------------------------------------------------------------------------------------- */

  function happened(message) {
    changes += 1;
    const own = Array.from(document.querySelectorAll("[data-asks]")).filter((part) => part.dataset.asks === message.topic);
    own.forEach((part) => ask(part));
    if (!own.length) soon();
  }

  function soon() {
    if (waiting) return;
    waiting = setTimeout(refresh, Math.max(GATHER, refreshed + GAP - Date.now()));
  }

  /* Parts that ask for themselves while they are not finished: at once when they are told, else every few seconds. */
  function ask(part) {
    part.dataset.asked = Date.now();
    htmx.trigger(part, "live");
  }

  function tick() {
    if (document.hidden || isOver) return;
    document.querySelectorAll("[data-asks]").forEach((part) => {
      const every = Number(part.dataset.every) * 1000 * (isOpen && listens.includes(part.dataset.asks) ? 10 : 1);
      if (!part.dataset.asked) part.dataset.asked = Date.now();
      else if (Date.now() - Number(part.dataset.asked) >= every) ask(part);
    });
    if (topics && Date.now() - refreshed >= (isOpen ? LOOK : ASK)) soon();
  }

  /* The page again -------------------------------------------------------------------------------------------------------------- */

  async function refresh() {
    waiting = null;
    refreshed = Date.now();
    if (!document.querySelector("main [data-live]")) return;
    let page;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html", "X-Patchboard-Live": "1" } });
      if (answer.redirected || !answer.ok) return; // signed out, or the thing is gone: the next click says so
      page = new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch {
      return; // no connection: the stream tells when there is one again
    }
    document.querySelectorAll("[data-live]").forEach((part) => {
      const other = page.querySelector(`[data-live="${CSS.escape(part.dataset.live)}"]`);
      if (other) renew(part, other);
    });
    compareRows(page);
  }

  function renew(part, other) {
    if (part.matches("tr")) {
      renewRow(part, other);
    } else if (part.innerHTML !== other.innerHTML && !isInUse(part)) {
      part.innerHTML = other.innerHTML;
      htmx.process(part);
    }
  }

  /* A row keeps its checkbox, and a cell that has the focus. */
  function renewRow(row, other) {
    const cells = Array.from(row.cells);
    if (cells.length !== other.cells.length) return;
    cells.forEach((cell, place) => {
      const newer = other.cells[place];
      if (cell.matches(".check") || cell.innerHTML === newer.innerHTML || cell.contains(document.activeElement)) return;
      const words = cell.textContent;
      cell.innerHTML = newer.innerHTML;
      htmx.process(cell);
      if (words !== cell.textContent) mark(row);
    });
  }

  function mark(row) {
    row.dataset.changed = "";
    setTimeout(() => delete row.dataset.changed, 3000);
  }

  function isInUse(part) {
    return part.matches(":hover") || part.contains(document.activeElement) || Boolean(part.querySelector("details.pb-menu[open]"))
      || (!getSelection().isCollapsed && part.contains(getSelection().anchorNode));
  }

  /* Rows that are new, gone or elsewhere are only told of. */
  function compareRows(page) {
    const rows = (inside) => Array.from(inside.querySelectorAll("#results tr[data-live]"), (row) => row.dataset.live).join("\n");
    const results = document.getElementById("results");
    const old = document.getElementById("live-strip");
    if (!results || rows(document) === rows(page)) {
      if (old) old.remove();
      return;
    }
    const strip = old || document.getElementById("live-changes").content.firstElementChild.cloneNode(true);
    strip.querySelector("span").textContent = changes > 1
      ? `${changes.toLocaleString()} changes since you opened this list.` : "This list has changed since you opened it.";
    if (old) return;
    const table = results.querySelector("table");
    if (table) (table.closest("form") || table).before(strip);
    else results.append(strip);
  }

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-live-show]")) return;
    changes = 0;
    htmx.ajax("GET", location.pathname + location.search, { target: "#results", select: "#results", swap: "outerHTML" });
  });

  /* Coming and going ------------------------------------------------------------------------------------------------------------ */

  document.addEventListener("visibilitychange", () => {
    clearTimeout(leaving);
    if (document.hidden) {
      leaving = setTimeout(close, HIDDEN);
    } else {
      if (topics && !source && Date.now() - refreshed >= GAP) soon();
      open();
    }
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => {
    if (!event.persisted || !topics) return;
    soon();
    open();
  });
  setInterval(tick, 1000);
  open();
})();
