"use strict";
/*
 * Nothing typed is lost. What is typed in a form with data-ntm-kept goes to this machine's store (store.js) at once, and
 * from there to the server: in order, each with an id of its own, by which the server knows what it has already saved.
 * What could not be sent goes up from whichever page its account opens next. app.js does the rest of saving.
 *
 * An entry: {entry: its id, address, version, fields, shown: [[label, words]], label, page, state, tried, message, answer}.
 * state: "waiting", "held" (the server refused it: the person decides), "sent" (kept until a page shows it: a copy may be
 * older). Once tried it changes no more, for the server may have it; what is typed then is a further entry.
 */
(() => {
  const place = document.querySelector("[data-ntm-account]");
  if (!place) return;
  const account = place.dataset.ntmAccount;
  const KIND = "entry";
  const TIMEOUT = 30000; // ms, after which an answer is taken for lost
  const AGAIN = 10000; // ms until what waits is tried again
  const line = place.querySelector("[data-ntm-unsent]");
  const list = place.querySelector("[data-ntm-held]");
  const forms = () => [...document.querySelectorAll("form[data-ntm-kept]")];
  const isOf = (address) => (item) => item.value.address === address;
  const later = (words, kind) => Object.assign(new Error(words), { isKept: true, kind });
  let store = null;
  let lineIsGone = false;
  let sessionIsOver = false;
  let savedAt = "";
  let timer = 0;
  let isFilling = false;

  /** One at a time over all tabs: "entries" for changing them, "sending" for the way to the server. */
  const alone = (what, ...rest) => navigator.locks.request(`ntm-${what}-${account}`, ...rest);
  const entries = () => store.list(KIND);

  /* -------------------------------------------------------------- from the form to the store */

  const NOT_TYPED = ["version", "csrfmiddlewaretoken"];
  const fieldsOf = (form) => [...new FormData(form)].filter(([name]) => !NOT_TYPED.includes(name));
  const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);

  /** What was typed, in the words of the page. */
  function shownOf(form) {
    const shown = [];
    for (const field of form.elements) {
      if (!field.name || field.type === "hidden" || !field.labels?.length || !field.value) continue;
      const words = field.labels[0].textContent.trim();
      if (field.type !== "radio") shown.push([words, field.value]);
      else if (field.checked) shown.push([field.closest("fieldset")?.querySelector("legend")?.textContent.trim(), words]);
    }
    return shown;
  }

  /** Keep what stands in the form now; the id of its record. */
  const keep = (form) =>
    alone("entries", async () => {
      const last = (await entries()).filter(isOf(addressOf(form))).at(-1);
      const fields = fieldsOf(form);
      const version = form.elements.version.value;
      const isOpen = last && last.value.state !== "sent";
      const stored = (id) => {
        // What was typed meanwhile is not in it; typed() keeps that next.
        if (isSame(fieldsOf(form), fields)) form.dataset.ntmStored = "";
        return id;
      };
      if (isOpen && last.value.tried && last.value.state === "waiting" && isSame(last.value.fields, fields)) {
        return stored(last.id);
      }
      const section = form.closest("section");
      const value = {
        entry: isOpen && !last.value.tried ? last.value.entry : crypto.randomUUID(),
        address: addressOf(form),
        version,
        fields,
        shown: shownOf(form),
        label: `Chỉ tiêu ${section.querySelector(".indicator-code").textContent}`,
        page: `${location.pathname}#${section.id}`,
        state: "waiting",
      };
      const replaces = isOpen && (!last.value.tried || last.value.state === "held");
      return stored(await store.put({ id: replaces ? last.id : undefined, kind: KIND, value }));
    });

  async function typed(form) {
    if (isFilling) return;
    delete form.dataset.ntmStored;
    if (!store || !unsent.has(form)) return;
    form.dataset.ntmAgain = "";
    if (form.dataset.ntmKeeping) return;
    form.dataset.ntmKeeping = "yes";
    while ("ntmAgain" in form.dataset) {
      delete form.dataset.ntmAgain;
      await keep(form).catch(() => {});
    }
    delete form.dataset.ntmKeeping;
    show();
  }

  /* -------------------------------------------------------------- from the store to the server */

  /** Send one entry; its answer. An error `isKept` when there is none: it stays and will be tried again. */
  async function send(id) {
    const item = await alone("entries", async () => {
      const found = await store.get(id);
      if (found?.value.state !== "waiting") return found;
      found.value.tried = true;
      await store.put(found);
      return found;
    });
    if (!item) throw later("dropped");
    const { value } = item;
    if (value.state === "sent") return Response.json({ ...value.answer, fragments: {} });
    const body = new FormData();
    value.fields.forEach(([name, words]) => body.append(name, words));
    Object.entries({ version: value.version, entry: value.entry, account }).forEach(([name, words]) => body.set(name, words));
    let answer;
    try {
      const headers = { Accept: "application/json", "X-CSRFToken": csrfToken() };
      const signal = AbortSignal.timeout(TIMEOUT);
      answer = await fetch(value.address, { method: "POST", body, headers, credentials: "same-origin", signal });
    } catch {
      lineIsGone = true;
      throw later("no line");
    }
    lineIsGone = false;
    await settle(item, answer.clone());
    return answer;
  }

  const isJson = (answer) => (answer.headers.get("Content-Type") || "").includes("json");
  /** Not an answer to what was typed: the server is away, or nobody is signed in. */
  const saysNothing = (answer) =>
    answer.redirected || [401, 429].includes(answer.status) || answer.status >= 500 || (answer.status === 403 && !isJson(answer));

  async function settle({ id, value }, answer) {
    sessionIsOver = answer.redirected || [401, 403].includes(answer.status);
    if (saysNothing(answer)) return;
    const data = isJson(answer) ? await answer.json() : {};
    if (answer.ok) savedAt = data.saved_at;
    const errors = Object.values(data.errors || {}).flat();
    const message = data.message || errors.join(" ") || "Máy chủ không nhận nội dung này.";
    await alone("entries", async () => {
      const mine = (await entries()).filter(isOf(value.address));
      const newer = mine.filter((item) => item.id > id);
      if (answer.ok) {
        // Before the entry goes: killed in between, it is sent again, answered as first, and this is done again.
        for (const item of newer) await store.put({ ...item, value: { ...item.value, version: data.version } });
        const open = forms().filter((form) => addressOf(form) === value.address);
        for (const form of open) form.elements.version.value = data.version;
        for (const item of mine.filter((other) => other.id < id)) await store.remove(item.id);
      }
      const { version, saved_at } = data;
      const result = answer.ok ? { state: "sent", version, answer: { version, saved_at } } : { state: "held", message };
      if (newer.length) await store.remove(id);
      else await store.put({ id, kind: KIND, value: { ...value, ...result } });
    });
  }

  /** What app.js asks for: a form's content, kept under this id, to the server, after what went before it. */
  async function deliver(form, id) {
    show();
    try {
      return await alone("sending", async () => {
        const mine = (await entries()).filter(isOf(addressOf(form)));
        for (const item of mine.filter((other) => other.id < id && other.value.state === "waiting")) {
          const answer = await send(item.id);
          if (saysNothing(answer)) return answer;
        }
        return await send(id);
      });
    } finally {
      show();
    }
  }

  /** All that waits and stands in no form of this page, oldest first. */
  async function flush() {
    await alone("sending", { ifAvailable: true }, async (lock) => {
      if (!lock) return;
      const open = new Set(forms().map(addressOf));
      const waiting = (await entries()).filter(({ value }) => value.state === "waiting" && !open.has(value.address));
      for (const { id } of waiting) {
        const answer = await send(id).catch(() => null);
        if (!answer || saysNothing(answer)) break;
        show();
      }
    });
    show();
  }

  const drop = (form) =>
    alone("entries", async () => {
      for (const item of (await entries()).filter(isOf(addressOf(form)))) await store.remove(item.id);
    });

  /* -------------------------------------------------------------- back into the form */

  /** A page shows what is newer on this machine than on it: not sent yet, or sent since the copy was made. */
  async function restore() {
    const all = await entries();
    for (const form of forms()) {
      const newest = all.filter(isOf(addressOf(form))).at(-1);
      if (!newest || unsent.has(form)) continue;
      const { state, version, fields } = newest.value;
      const isSent = state === "sent";
      if (isSent && Number(form.elements.version.value) >= version) {
        await store.remove(newest.id);
        continue;
      }
      form.elements.version.value = version;
      fill(form, new Map(fields));
      if (isSent) form.dispatchEvent(new CustomEvent("ntm:restored"));
      else form.dataset.ntmStored = "";
    }
  }

  function fill(form, values) {
    isFilling = true;
    for (const field of form.elements) {
      if (!field.name || NOT_TYPED.includes(field.name) || field.type === "hidden") continue;
      if (field.type === "radio") field.checked = values.get(field.name) === field.value;
      else field.value = values.get(field.name) ?? "";
      if (field.type !== "radio" || field.checked) field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    isFilling = false;
  }

  /* -------------------------------------------------------------- the line at the page's top */

  const element = (tag, words, more = {}) => Object.assign(document.createElement(tag), { textContent: words, ...more });

  /** One for each form: a tried entry and what was typed since are one thing to the person. */
  const latestOf = (items) => [...new Map(items.map((item) => [item.value.address, item])).values()];

  async function show() {
    const all = await entries().catch(() => []);
    const waiting = latestOf(all.filter(({ value }) => value.state === "waiting")).length;
    const held = all.filter(({ value }) => value.state === "held");
    const left = `Còn ${waiting} mục chưa gửi, sẽ tự gửi `;
    let words = savedAt ? `Đã lưu lúc ${savedAt}` : "";
    if (waiting) words = sessionIsOver ? `${left}khi đăng nhập lại` : lineIsGone ? `${left}khi có mạng` : "Đang lưu…";
    if (line.textContent !== words) line.textContent = words;
    line.hidden = !words;
    line.dataset.ntmUnsent = waiting && (lineIsGone || sessionIsOver) ? "waiting" : "";
    list.hidden = !held.length;
    list.querySelector("[data-ntm-held-list]").replaceChildren(...held.map(heldLine));
    clearTimeout(timer);
    if (waiting) timer = setTimeout(flush, AGAIN);
  }

  /** What the server did not take: where it belongs, why, what was typed. */
  function heldLine({ id, value }) {
    const row = document.createElement("li");
    const typedWords = value.shown.map(([label, words]) => `${label}: ${words}`).join("; ");
    const why = value.message.startsWith(value.label) ? value.message.slice(value.label.length) : `: ${value.message}`;
    const away = newButton("Bỏ nội dung này", "btn btn-link");
    away.append(element("span", ` của ${value.label.toLowerCase()}`, { className: "visually-hidden" }));
    away.addEventListener("click", () => store.remove(id).then(show));
    row.append(
      element("a", value.label, { href: value.page }),
      element("span", `${why} `),
      element("span", typedWords ? `Đã nhập: ${typedWords}. ` : "", { className: "muted" }),
      away,
    );
    return row;
  }

  /* -------------------------------------------------------------- signing out */

  async function leave(form) {
    await ntmStore.forget().catch(() => {});
    const names = window.caches ? await caches.keys() : [];
    await Promise.all(names.filter((name) => name.startsWith("ntm-pages-")).map((name) => caches.delete(name)));
    form.submit();
  }

  /** Whoever signs out is told what has not been sent, and what becomes of it. */
  function tellUnsent(form, left, files) {
    const dialog = element("dialog", "", { className: "key-help" });
    const counted = [left.length && `${left.length} mục`, files.length && `${files.length} tệp`].filter(Boolean);
    const title = element("h2", `Còn ${counted.join(" và ")} chưa gửi`, { id: "chua-gui-ten" });
    dialog.setAttribute("aria-labelledby", title.id);
    const labels = element("p", [...left.map(({ value }) => value.label), ...files.map(({ value }) => value.name)].join(", "));
    const opened = files.length ? " và mở lại hồ sơ" : "";
    const words = element(
      "p",
      `Nội dung này ở lại trên máy này và tự gửi khi đăng nhập lại bằng tài khoản này trên máy này${opened}. Tài khoản khác không đọc được.`,
    );
    const row = element("div", "", { className: "button-row" });
    const stay = newButton("Ở lại để gửi", "btn btn-primary");
    const out = newButton("Vẫn đăng xuất", "btn btn-secondary");
    stay.addEventListener("click", () => dialog.close());
    out.addEventListener("click", () => leave(form));
    dialog.addEventListener("close", () => dialog.remove());
    row.append(stay, out);
    dialog.append(title, labels, words, row);
    document.body.append(dialog);
    dialog.showModal();
    flush();
  }

  document.addEventListener(
    "submit",
    async (event) => {
      const form = event.target;
      if (!store || !form.matches("[data-ntm-sign-out]")) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const left = latestOf((await entries().catch(() => [])).filter(({ value }) => value.state !== "sent"));
      const files = await store.list("upload").catch(() => []);
      if (left.length || files.length) tellUnsent(form, left, files);
      else leave(form);
    },
    true,
  );

  /* -------------------------------------------------------------- start */

  async function begin() {
    if (!forms().length) line.setAttribute("role", "status"); // elsewhere each form tells of itself
    const plainSend = delivery.send;
    const opening = ntmStore.open(account).then((opened) => (store = opened));
    delivery.send = async (form) => {
      await opening;
      const id = store && "ntmKept" in form.dataset ? await keep(form).catch(() => null) : null; // null: the disk is full
      return id === null ? plainSend(form) : deliver(form, id);
    };
    delivery.forget = async (form) => store && drop(form).catch(() => {});
    for (const form of forms()) {
      form.addEventListener("input", () => typed(form));
      form.addEventListener("change", () => typed(form));
    }
    await opening;
    if (!store) return;
    await restore();
    forms().forEach(typed); // what was typed before the store was open
    window.addEventListener("online", flush);
    flush();
  }

  /** The worker that keeps dossier pages; a page opened before it ruled is handed to it. */
  async function startWorker() {
    const { serviceWorker } = navigator;
    if (!serviceWorker) return;
    const isRuled = serviceWorker.controller !== null;
    await serviceWorker.register("/service-worker.js");
    if (isRuled || !document.querySelector("[data-ntm-copy]")) return;
    const { active } = await serviceWorker.ready;
    const names = performance.getEntriesByType("resource").map(({ name }) => name);
    const files = [...new Set(names)].filter((name) => name.startsWith(`${location.origin}/static/`));
    active.postMessage({ address: location.origin + location.pathname, files });
  }

  begin().catch(() => {});
  const work = () => startWorker().catch(() => {});
  if (document.readyState === "complete") work();
  else window.addEventListener("load", work);
})();
