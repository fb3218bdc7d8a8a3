// What pages do beyond links and forms: copying, menus, theme, toasts, keys, selection, unsaved changes. Everything works without it,
// and everything listens on the document, so that it holds for what htmx brings in later.
"use strict";

const all = (selector, inside = document) => Array.from(inside.querySelectorAll(selector));
const one = (selector, inside = document) => inside.querySelector(selector);

/* Toasts: from `HX-Trigger: {"toast": {message, level?, href?, label?}}`, and from answers that failed. ------------------------ */

const TOAST_SECONDS = 8;

function toast({ message, level = "ok", href, label, code }) {
  const region = one("#toasts") || document.body;
  const box = one("#toast").content.firstElementChild.cloneNode(true);
  const failed = level === "error";
  box.classList.add(`pb-toast-${failed ? "error" : "ok"}`);
  box.setAttribute("role", failed ? "alert" : "status");
  one(failed ? ".is-ok" : ".is-error", box).remove();
  const words = one("span", box);
  words.textContent = message;
  if (code) {
    const id = document.createElement("code");
    id.textContent = code;
    words.append(" Tell support ", id, ".");
  }
  if (href && label) {
    const link = document.createElement("a");
    Object.assign(link, { href, textContent: label, className: "strong5" });
    words.append(" ", link);
  }
  region.append(box);
  fade(box);
}

/* Errors and toasts with a link stay until they are dismissed; nothing goes while it is pointed at or focused. */
function fade(box) {
  if (box.classList.contains("pb-toast-error") || one("a", box)) return;
  setTimeout(() => (box.matches(":hover, :focus-within") ? fade(box) : box.remove()), TOAST_SECONDS * 1000);
}

function failure(xhr) {
  if (xhr.status === 401) {
    location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
    return;
  }
  const page = new DOMParser().parseFromString(xhr.responseText || "", "text/html");
  const said = one("[data-error]", page);
  const message = said ? said.dataset.error : jsonMessage(xhr) || `This did not work (${xhr.status}).`;
  toast({ message, level: "error", code: xhr.status >= 500 ? xhr.getResponseHeader("X-Request-ID") : null });
}

function jsonMessage(xhr) {
  if (!(xhr.getResponseHeader("Content-Type") || "").includes("json")) return null;
  try {
    return JSON.parse(xhr.responseText).message || null;
  } catch {
    return null; // a body that was cut off: the status still says enough
  }
}

document.addEventListener("toast", (event) => toast(event.detail));

/* htmx ------------------------------------------------------------------------------------------------------------------------ */

document.addEventListener("htmx:configRequest", (event) => {
  const token = one('meta[name="csrf-token"]');
  if (token && event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token.content;
});

// A refused form comes back as a form, with 422, and is shown. A refused address comes back as an error page: the list stays.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (xhr.status === 422 && /<[^>]+ data-error=/.test(xhr.responseText)) {
    event.detail.shouldSwap = false;
    failure(xhr);
  }
});
document.addEventListener("htmx:responseError", (event) => failure(event.detail.xhr));
["htmx:sendError", "htmx:timeout"].forEach((name) => document.addEventListener(name, () => {
  toast({ message: "The server did not answer. Check your connection and try again.", level: "error" });
}));

const spoken = new Map();

document.addEventListener("htmx:afterSettle", (event) => {
  const came = event.detail.target && event.detail.target.id ? document.getElementById(event.detail.target.id) : event.detail.elt;
  if (!came) return;
  all("[data-filter]").filter((box) => box !== document.activeElement).forEach((box) => {
    box.value = new URLSearchParams(location.search).get(box.name) || ""; // it stands outside of what was replaced
  });
  const lost = !document.activeElement || document.activeElement === document.body;
  const asked = event.detail.requestConfig && event.detail.requestConfig.elt;
  const next = asked && (asked.dataset.focus || asked.id);
  if (lost && next && document.getElementById(next)) document.getElementById(next).focus({ preventScroll: true });
  const words = came.dataset.announce;
  if (words && spoken.get(came.id) !== words) {
    spoken.set(came.id, words);
    one("#announcer").textContent = words;
  }
  count();
});

/* Clicks ---------------------------------------------------------------------------------------------------------------------- */

document.addEventListener("click", (event) => {
  const { target } = event;
  all("details.pb-menu[open]").forEach((menu) => {
    if (!menu.contains(target)) menu.open = false;
  });
  const has = (selector) => target.closest(selector);
  if (has("[data-print]")) print();
  if (has("[data-copy]")) copy(has("[data-copy]"));
  if (has("[data-dismiss]")) has(".pb-toast").remove();
  if (has("[data-choose-theme]")) theme(has("[data-choose-theme]").dataset.chooseTheme);
  if (has("[data-secret-stored]")) stored(has("[data-secret]"));
  const link = has(".pb-summary a");
  if (link) setTimeout(() => focus(one(`${link.hash} input, ${link.hash}`)));
});

// A menu with a field is opened to type in it.
document.addEventListener("toggle", (event) => {
  if (event.target.matches("details.pb-menu[open]")) focus(one("input:not([type=hidden])", event.target));
}, true);

async function copy(button) {
  const text = one("pre", button.parentElement).textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const range = document.createRange(); // no permission, or no HTTPS: what is selected can be copied by hand
    range.selectNodeContents(one("pre", button.parentElement));
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    toast({ message: "Selected. Copy it with Ctrl-C." });
    return;
  }
  button.dataset.copied = "";
  one("#announcer").textContent = "Copied";
  setTimeout(() => delete button.dataset.copied, 2000);
}

function theme(chosen) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `theme=${chosen}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  if (chosen === "auto") delete document.documentElement.dataset.bsTheme;
  else document.documentElement.dataset.bsTheme = chosen;
  one('meta[name="color-scheme"]').content = chosen === "auto" ? "light dark" : chosen;
  all("[data-choose-theme]").forEach((button) => button.setAttribute("aria-pressed", button.dataset.chooseTheme === chosen));
}

function stored(box) {
  const done = document.createElement("p");
  done.className = "muted";
  done.tabIndex = -1;
  done.textContent = "Stored by you. It cannot be shown again; a new one can be made at any time.";
  box.replaceWith(done);
  done.focus();
}

/* Forms ----------------------------------------------------------------------------------------------------------------------- */

const changed = new WeakSet();
let leaving = false;

document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-guard]");
  if (form) changed.add(form);
  if (event.target.dataset.narrow) narrow(event.target);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if ("sent" in form.dataset) {
    event.preventDefault(); // a double click
    return;
  }
  if (event.defaultPrevented || form.matches("[hx-get], [hx-post], [hx-put], [hx-patch], [hx-delete]")) return;
  if (form.method === "post") {
    form.dataset.sent = "";
    leaving = true;
  }
  busy(event.submitter);
});

function busy(button) {
  if (!button || !button.dataset.busy) return;
  setTimeout(() => {
    button.classList.add("is-busy");
    button.textContent = button.dataset.busy;
  }, 300);
}

// Back may bring the page as it was left.
addEventListener("pageshow", () => {
  leaving = false;
  all("form[data-sent]").forEach((form) => delete form.dataset.sent);
});

addEventListener("beforeunload", (event) => {
  const unsaved = all("form[data-guard]").some((form) => changed.has(form));
  if (!leaving && (unsaved || one("[data-secret]"))) event.preventDefault();
});

function narrow(input) {
  const words = input.value.trim().toLowerCase();
  all("li", document.getElementById(input.dataset.narrow)).forEach((item) => {
    item.hidden = !item.textContent.toLowerCase().includes(words);
  });
}

/* Rows and their selection ---------------------------------------------------------------------------------------------------- */

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-check-all]")) {
    all("td.check input", event.target.closest("table")).forEach((box) => { box.checked = event.target.checked; });
  }
  if (event.target.matches("[data-keys]")) keys(event.target.checked);
  if (event.target.closest(".check")) count();
});
document.addEventListener("reset", () => setTimeout(count));

function count() {
  all("form:has(td.check)").forEach((form) => {
    const boxes = all("td.check input", form);
    const chosen = boxes.filter((box) => box.checked).length;
    const head = one("[data-check-all]", form);
    if (head) {
      head.checked = chosen > 0 && chosen === boxes.length;
      head.indeterminate = chosen > 0 && chosen < boxes.length;
    }
    const words = one("[data-selected]", form);
    if (words) words.textContent = `${chosen} selected`;
  });
}

/* Keys: off where somebody types, and where they were switched off. ------------------------------------------------------------- */

const GO = { o: "/overview", s: "/sites", r: "/reports" };
let began = 0;

function keys(on) {
  if (on) localStorage.removeItem("keys");
  else localStorage.setItem("keys", "off");
}

document.addEventListener("keydown", (event) => {
  const open = one("details.pb-menu[open]");
  if (event.key === "Escape" && open) {
    open.open = false;
    one("summary", open).focus();
    return;
  }
  const typing = event.target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || localStorage.getItem("keys") === "off") return;
  if (Date.now() - began < 1500 && GO[event.key]) {
    location.assign(GO[event.key]);
  } else if (KEYS[event.key] && KEYS[event.key]()) {
    event.preventDefault();
  }
  began = event.key === "g" ? Date.now() : 0;
});

const KEYS = {
  "/": () => focus(one("[data-search]") || one("[data-filter]")),
  f: () => focus(one("[data-filter]")),
  "?": () => one("#keyboard") && (one("#keyboard").togglePopover(), true),
  j: () => step(1),
  k: () => step(-1),
  x: () => press(one("td.check input", row() || document.createElement("i"))),
  e: () => press(one("[data-key=e]")),
};

const focus = (element) => Boolean(element) && (element.focus(), true);
const press = (element) => Boolean(element) && (element.click(), true);
const row = () => document.activeElement && document.activeElement.closest("tbody tr");

function step(by) {
  const names = all("main tbody .name");
  const at = names.findIndex((name) => row() && row().contains(name));
  return focus(names[at < 0 ? (by > 0 ? 0 : names.length - 1) : at + by]);
}

/* On arrival ------------------------------------------------------------------------------------------------------------------- */

all(".pb-toasts .pb-toast").forEach(fade);
all("[data-autofocus]").slice(0, 1).forEach(focus);
all("[data-keys]").forEach((box) => { box.checked = localStorage.getItem("keys") !== "off"; });
count();
