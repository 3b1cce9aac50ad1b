"use strict";
/* What makes the pages quicker to use. Every page works without it; each function binds to its own data-ntm-* attribute. */

const PAUSE = 800; // ms without a key before typed text is sent
const RETRY_AFTER = [2000, 5000, 10000, 30000]; // ms; the last one repeats
const PATIENCE = 5000; // ms that a link waits for the last save
const GUARD = 15000; // ms after which a form may be sent again
const SIZE_LIMIT = 25 * 1024 * 1024; // where the page states no other limit

const each = (selector, act, root = document) => root.querySelectorAll(selector).forEach(act);
const newButton = (words, className) =>
  Object.assign(document.createElement("button"), { type: "button", className, textContent: words });
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

/** A piece of HTML made by our own server, as elements. */
function elements(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html.trim();
  return holder.content;
}

/**
 * Put server-made pieces in place: {"#chi-tieu-5-1": "<div id=…>"}; a piece without its place on the page is left out.
 * What the person has unfolded in it stays so.
 */
function replaceFragments(fragments = {}) {
  for (const [selector, html] of Object.entries(fragments)) {
    const place = document.querySelector(selector);
    if (!place) continue;
    const piece = elements(html);
    each("details[open][id]", (opened) => piece.querySelector(`#${opened.id}`)?.setAttribute("open", ""), place);
    start(piece);
    place.replaceWith(piece);
  }
}

/* ---------------------------------------------------------------- saving by itself */

const unsent = new Map(); // form whose last words are not on the server yet → function that sends them now

/** What a person has entered, for telling whether anything changed since the last save. */
function contents(form) {
  const data = new FormData(form);
  ["version", "csrfmiddlewaretoken"].forEach((name) => data.delete(name));
  return new URLSearchParams(data).toString();
}

/** The token against forged requests: from the cookie, for signing in again in another tab has changed the page's one. */
const csrfToken = () => document.cookie.match(/(?:^|; )(?:__\w+-)?csrftoken=([^;]+)/)?.[1] || "";

/** The form as it goes out. */
function outgoing(form) {
  const data = new FormData(form);
  if (csrfToken()) data.set("csrfmiddlewaretoken", csrfToken());
  return data;
}

/** How a form's content reaches the server. offline.js puts its own way here, by which it is kept until it has arrived. */
const delivery = {
  /** The server's answer; an error without one, `isKept` where the content is safe on this machine. */
  send: (form) =>
    fetch(addressOf(form), {
      method: "POST",
      body: outgoing(form),
      headers: { Accept: "application/json" },
      credentials: "same-origin",
    }),
  /** What was typed is given up. */
  forget: async () => {},
};

/**
 * data-ntm-autosave on a form: sends it on change and after a pause in typing, one request after the other. The
 * attribute's value is another pause than PAUSE, in ms.
 */
function autosave(form) {
  const pause = Number(form.dataset.ntmAutosave) || PAUSE;
  const line = savingLine(form);
  let timer = 0;
  let failures = 0;
  let inConflict = false;
  let saved = contents(form);
  let running = Promise.resolve();

  const send = () => {
    clearTimeout(timer);
    running = running.then(post);
    return running;
  };
  const fail = (words, again = false) => {
    line.failed(words, !inConflict);
    if (again) timer = setTimeout(send, RETRY_AFTER[Math.min(failures++, RETRY_AFTER.length - 1)]);
  };

  async function post() {
    const now = contents(form);
    if (inConflict || (now === saved && !unsent.has(form))) return;
    line.say("Đang lưu…");
    try {
      await take(await delivery.send(form), now);
    } catch (error) {
      saved = undefined; // it may have arrived
      if (error.isKept) unsent.delete(form);
      fail(navigator.onLine ? "Chưa lưu được, sẽ thử lại" : "Chưa gửi được, sẽ tự gửi khi có mạng", true);
    }
  }

  async function take(answer, sent) {
    if (answer.redirected || answer.status === 401) {
      return fail("Phiên làm việc đã hết. Đăng nhập lại ở một thẻ khác rồi bấm “Thử lại”.");
    }
    if (answer.status >= 500 || answer.status === 429) return fail("Chưa lưu được, sẽ thử lại", true);
    const isJson = (answer.headers.get("Content-Type") || "").includes("json");
    const data = isJson ? await answer.json() : {};
    if (answer.status === 409) {
      inConflict = true;
      showConflict(form, data, () => {
        inConflict = false;
        return send();
      });
      return fail(data.message || "Chưa lưu: nội dung này vừa có người khác sửa.");
    }
    showErrors(form, data.errors || {});
    if (!answer.ok) {
      return fail(data.message || (data.errors ? "Chưa lưu: còn chỗ cần sửa." : "Chưa lưu được. Thử lại hoặc tải lại trang."));
    }
    failures = 0;
    saved = sent;
    if (data.version !== undefined && form.elements.version) form.elements.version.value = data.version;
    replaceFragments(data.fragments);
    line.say(`Đã lưu lúc ${data.saved_at}`);
    if (contents(form) === saved) unsent.delete(form);
    form.dispatchEvent(new CustomEvent("ntm:saved", { bubbles: true }));
  }

  const changed = (event, delay) => {
    if (event.target.type === "file") return;
    if (contents(form) !== saved) unsent.set(form, send);
    clearTimeout(timer);
    timer = setTimeout(send, delay);
  };
  form.addEventListener("input", (event) => changed(event, pause));
  form.addEventListener("change", (event) => changed(event, 0));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    unsent.set(form, send);
    send();
  });
  line.retry.addEventListener("click", send);
  form.addEventListener("ntm:restored", () => {
    clearTimeout(timer);
    saved = contents(form);
    unsent.delete(form);
  });
  window.addEventListener("online", () => (unsent.has(form) || saved === undefined) && send());
}

/** The line under a form that says in words whether all is saved; without one in the page it speaks to nobody. */
function savingLine(form) {
  const state = form.querySelector("[data-ntm-save-state]") || document.createElement("span");
  const retry = form.querySelector("[data-ntm-save-retry]") || document.createElement("button");
  each("[data-ntm-save-button]", (button) => (button.hidden = true), form);
  if (!state.textContent.trim()) state.textContent = "Tự lưu khi nhập";
  const show = (words, kind, mayRetry) => {
    state.textContent = words;
    state.dataset.ntmSaveState = kind;
    retry.hidden = !mayRetry;
  };
  return {
    retry,
    say: (words) => show(words, "", false),
    failed: (words, mayRetry) => show(words, "failed", mayRetry),
  };
}

/** Where a form goes; `form.action` would be a field of that name. */
const addressOf = (form) => form.getAttribute("action") || location.pathname + location.search;

/** Nobody leaves a page by a link or another form before the last words are on the server. */
function finishFirst(event, proceed) {
  if (!unsent.size) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const all = Promise.all([...unsent.values()].map((send) => send()));
  Promise.race([all, wait(PATIENCE)]).then(proceed);
}

document.addEventListener(
  "click",
  (event) => {
    const link = event.target.closest("a[href]");
    const here = link && link.hash && link.pathname + link.search === location.pathname + location.search;
    if (!link || here || link.target || link.hasAttribute("download") || link.closest("[data-ntm-conflict]")) return;
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    finishFirst(event, () => location.assign(link.href));
  },
  true,
);

document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    const savesItself = "ntmAutosave" in form.dataset || form.getAttribute("method") === "dialog";
    if (savesItself || form.dataset.ntmWaited) return;
    finishFirst(event, () => {
      form.dataset.ntmWaited = "yes";
      form.requestSubmit(event.submitter);
      delete form.dataset.ntmWaited;
    });
  },
  true,
);

window.addEventListener("beforeunload", (event) => {
  if ([...unsent.keys()].some((form) => !("ntmStored" in form.dataset))) event.preventDefault();
});

/** Messages beside the fields of a form that was not saved; {name: [sentence]}. */
function showErrors(form, errors) {
  each("[data-ntm-live-error]", (line) => line.remove(), form);
  each("[aria-invalid]", (field) => field.removeAttribute("aria-invalid"), form);
  for (const [name, sentences] of Object.entries(errors)) {
    const found = form.elements[name];
    const field = found instanceof RadioNodeList ? found[0] : found;
    const line = document.createElement("ul");
    line.className = "errorlist";
    line.dataset.ntmLiveError = "";
    line.append(
      ...sentences.map((sentence) => Object.assign(document.createElement("li"), { textContent: sentence })),
    );
    if (field) {
      field.setAttribute("aria-invalid", "true");
      line.id = `${field.id}_error`;
      (field.closest(".field-with-unit") || field).before(line);
    } else {
      form.prepend(line);
    }
  }
}

/**
 * Both wordings side by side, as the server draws them. Nothing is sent until one of them is chosen: by the panel's own
 * button (keep mine) and link (take theirs), which also serve without this script, or by buttons made here.
 */
function showConflict(form, data, keep) {
  const place = form.querySelector("[data-ntm-conflict]") || form.appendChild(document.createElement("div"));
  place.replaceChildren(elements(data.html || ""));
  let mine = place.querySelector("button");
  let theirs = place.querySelector("a[href]");
  if (!mine && !theirs) {
    const row = Object.assign(document.createElement("div"), { className: "button-row" });
    mine = data.version === undefined ? null : newButton("Giữ nội dung vừa nhập", "btn btn-secondary");
    theirs = newButton("Bỏ nội dung vừa nhập, tải lại trang", "btn btn-secondary");
    row.append(...[mine, theirs].filter(Boolean));
    place.append(row);
  }
  mine?.addEventListener("click", (event) => {
    event.preventDefault();
    if (form.elements.version) form.elements.version.value = data.version;
    place.replaceChildren();
    keep();
  });
  theirs?.addEventListener("click", (event) => {
    event.preventDefault();
    unsent.delete(form);
    delivery.forget(form).finally(() => location.reload());
  });
}

/* ---------------------------------------------------------------- small helps */

/** No form goes off twice; the buttons come back when the page is shown again, or stays because the answer was a file. */
function guardSubmit(form) {
  if ("ntmAutosave" in form.dataset) return;
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (form.dataset.ntmSent) {
      event.preventDefault();
      return;
    }
    form.dataset.ntmSent = "yes";
    each("button:not([type=button])", (sent) => sent.setAttribute("aria-disabled", "true"), form);
    setTimeout(() => release(form), GUARD);
  });
}

function release(form) {
  delete form.dataset.ntmSent;
  each("button[aria-disabled]", (sent) => sent.removeAttribute("aria-disabled"), form);
}

window.addEventListener("pageshow", () => each("form[data-ntm-sent]", release));

/** data-ntm-tabs: links to parts of the page become tabs where the parts do not fit side by side. */
function tabs(bar) {
  const links = [...bar.querySelectorAll("a[href^='#']")];
  const panels = links.map((link) => document.querySelector(link.hash));
  const open = (chosen) => {
    links.forEach((link, place) => {
      panels[place].toggleAttribute("data-ntm-closed", link !== chosen);
      if (link === chosen) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
  };
  links.forEach((link, place) => {
    panels[place].dataset.ntmPanel = "";
    link.addEventListener("click", (event) => {
      event.preventDefault();
      open(link);
    });
  });
  open(links[0]);
}

/** data-ntm-insert="[[xa.binh_quan]]" data-ntm-insert-target="#id_body": a press writes the words where the cursor stands. */
function insertToken(button) {
  button.addEventListener("click", () => {
    const text = document.querySelector(button.dataset.ntmInsertTarget);
    text.focus();
    text.setRangeText(button.dataset.ntmInsert, text.selectionStart, text.selectionEnd, "end");
    text.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

/**
 * data-ntm-jump="the words" on a link "…?phan=7&tim=120-134&o=id_body": selects the words where they are typed. Here when
 * the field on this page has them; else the link is followed, and the page it leads to selects them by its own address.
 */
function jump(link) {
  link.addEventListener("click", (event) => {
    const query = new URL(link.href).searchParams;
    const isHere = query.get("phan") === new URLSearchParams(location.search).get("phan");
    if (!isHere || link.pathname !== location.pathname || !selectWords(query, link.dataset.ntmJump)) return;
    event.preventDefault();
    event.stopPropagation();
  });
}

/** Selects signs "from-to" of the field that the address names; with words given, only where they stand now. */
function selectWords(query, words) {
  const field = document.getElementById(query.get("o") || "");
  const range = /^(\d+)-(\d+)$/.exec(query.get("tim") || "");
  if (!field || !range || typeof field.setSelectionRange !== "function") return false;
  // The server counts signs; a field counts those beyond the basic plane twice.
  const signs = [...field.value];
  const place = (count) => signs.slice(0, count).join("").length;
  let [from, to] = [place(Number(range[1])), place(Number(range[2]))];
  if (words && field.value.slice(from, to) !== words) {
    from = field.value.indexOf(words);
    to = from + words.length;
    if (from < 0) return false;
  }
  field.focus();
  field.setSelectionRange(from, to);
  field.scrollTop = (field.scrollHeight * from) / Math.max(field.value.length, 1) - field.clientHeight / 2;
  return true;
}

// The spellings of a number that the server takes, so that the rate shown while typing is the one that is stored.
const PLAIN_NUMBER = /^\d+([.,]\d+)?$/;
const VIETNAMESE_NUMBER = /^\d{1,3}(\.\d{3})+,\d+$|^\d{1,3}(\.\d{3}){2,}$/;
const ENGLISH_NUMBER = /^\d{1,3}(,\d{3})+\.\d+$|^\d{1,3}(,\d{3}){2,}$/;
const AMBIGUOUS_NUMBER = /^[1-9]\d{0,2}\.\d{3}$/;

/** A typed number; NaN where the server would refuse it. */
function typedNumber(text) {
  const typed = text.replace(/\s/g, "");
  if (AMBIGUOUS_NUMBER.test(typed)) return NaN;
  if (VIETNAMESE_NUMBER.test(typed)) return Number(typed.replaceAll(".", "").replace(",", "."));
  if (ENGLISH_NUMBER.test(typed)) return Number(typed.replaceAll(",", ""));
  return PLAIN_NUMBER.test(typed) ? Number(typed.replace(",", ".")) : NaN;
}

/** data-ntm-rate around data-ntm-part, data-ntm-whole and an <output>: shows the rate while typing; the server's figure counts. */
function rate(block) {
  const part = block.querySelector("[data-ntm-part]");
  const whole = block.querySelector("[data-ntm-whole]");
  const output = block.querySelector("output");
  if (!part || !whole || !output) return;
  const show = () => {
    const share = (typedNumber(part.value) / typedNumber(whole.value)) * 100;
    const isPossible = Number.isFinite(share) && share <= 100;
    output.textContent = isPossible ? `${share.toLocaleString("vi-VN", { maximumFractionDigits: 2 })} %` : "–";
  };
  block.addEventListener("input", show);
}

/** data-ntm-menu on <details>: closes on Escape and on a press elsewhere. */
function menu(details) {
  document.addEventListener("click", (event) => {
    if (!details.contains(event.target)) details.open = false;
  });
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    details.open = false;
    details.querySelector("summary").focus();
  });
}

/** data-ntm-fill='{"value":"5"}' data-ntm-fill-target="#x form": takes over offered values into the fields of that form. */
function fill(button) {
  button.addEventListener("click", (event) => {
    const form = document.querySelector(button.dataset.ntmFillTarget);
    if (!form) return;
    event.preventDefault();
    const fields = Object.entries(JSON.parse(button.dataset.ntmFill)).map(([name, value]) => {
      const field = form.elements.namedItem(name);
      field.value = value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      return field;
    });
    fields[0].focus();
  });
}

/** data-ntm-keep="answer-7" on a field: what is typed there outlives the sending of another form of the page, once, in this tab. */
function keep(field) {
  const name = `ntm-keep ${location.pathname} ${field.dataset.ntmKeep}`;
  const kept = sessionStorage.getItem(name);
  sessionStorage.removeItem(name);
  if (kept && !field.value) field.value = kept;
  document.addEventListener("submit", (event) => {
    if (event.target !== field.form && field.value) sessionStorage.setItem(name, field.value);
  });
}

/** data-ntm-print on a button. */
function print(button) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

/* ---------------------------------------------------------------- keys */

const KEYS_OFF = "ntm-phim-tat-tat";
const keysOn = () => localStorage.getItem(KEYS_OFF) === null;

/**
 * data-ntm-key="d" on a link, button or radio presses it and tells it by the event ntm-key; "?" lists the keys of the
 * page; they can be switched off.
 */
function keys(dialog) {
  const keyed = () => [...document.querySelectorAll("[data-ntm-key]")];
  const toggle = dialog.querySelector("[data-ntm-key-switch]");
  toggle.addEventListener("change", () => {
    if (toggle.checked) localStorage.removeItem(KEYS_OFF);
    else localStorage.setItem(KEYS_OFF, "yes");
  });
  const show = () => {
    toggle.checked = keysOn();
    dialog.querySelector("[data-ntm-key-list]").replaceChildren(...firstOfEach(keyed()).flatMap(keyLine));
    dialog.showModal();
  };
  each("[data-ntm-key-open]", (button) => {
    button.hidden = false;
    button.addEventListener("click", show);
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
    if (event.target.matches("input:not([type=radio], [type=checkbox]), textarea, select")) return;
    if (event.key === "?" && keyed().length) return show();
    if (!keysOn()) return;
    const same = keyed().filter((element) => element.dataset.ntmKey === event.key.toLowerCase());
    if (!same.length) return;
    // One key for several things of a kind leads from one to the next.
    const here = same.findIndex((element) => (element.closest("details") || element).contains(document.activeElement));
    const target = same[(here + 1) % same.length];
    event.preventDefault();
    target.focus();
    target.click();
    target.dispatchEvent(new CustomEvent("ntm-key", { bubbles: true }));
  });
}

function firstOfEach(elements) {
  return [...new Map(elements.toReversed().map((element) => [element.dataset.ntmKey, element])).values()].toReversed();
}

function keyLine(element) {
  const term = document.createElement("dt");
  term.append(Object.assign(document.createElement("kbd"), { textContent: element.dataset.ntmKey.toUpperCase() }));
  const words = element.dataset.ntmKeyLabel || element.labels?.[0]?.textContent || element.textContent;
  return [term, Object.assign(document.createElement("dd"), { textContent: words.trim() })];
}

/**
 * data-ntm-poll="address of this page" around what shows a progress: looks every two seconds, takes the newer state over,
 * and loads the page again once nothing runs any more.
 */
function poll(place) {
  setTimeout(async () => {
    let answer = "";
    try {
      answer = await (await fetch(place.dataset.ntmPoll, { headers: { Accept: "text/html" } })).text();
    } catch {
      return poll(place);
    }
    const newer = new DOMParser().parseFromString(answer, "text/html").querySelector("[data-ntm-poll]");
    if (!newer) return location.reload();
    place.replaceChildren(...newer.childNodes);
    poll(place);
  }, 2000);
}

/* ---------------------------------------------------------------- start */

// uploads.js adds its own.
const HELPS = {
  "form[data-ntm-autosave]": autosave,
  "form[method=post]": guardSubmit,
  "[data-ntm-tabs]": tabs,
  "[data-ntm-insert]": insertToken,
  "[data-ntm-jump]": jump,
  "[data-ntm-rate]": rate,
  "[data-ntm-fill]": fill,
  "[data-ntm-keep]": keep,
  "[data-ntm-print]": print,
  "[data-ntm-poll]": poll,
  "[data-ntm-menu]": menu,
  "[data-ntm-key-help]": keys,
};

function start(root) {
  for (const [selector, help] of Object.entries(HELPS)) each(selector, help, root);
}

start(document);
document.querySelector("[data-ntm-focus]")?.focus();
selectWords(new URLSearchParams(location.search));
