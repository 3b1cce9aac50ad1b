"use strict";
/*
 * Files of evidence on a weak line. Stands on app.js (elements, start, unsent …) and, where a page has it, on store.js.
 *
 *   <form data-ntm-upload data-ntm-upload-to="/tai-len/" data-ntm-upload-target="#tep-5" data-ntm-max-bytes="…"
 *         data-ntm-commune="3" data-ntm-upload-name="Chỉ tiêu 2.1">   the files of one indicator; a plain form without this
 *   <section data-ntm-uploads="7" hidden>                             what waited on this machine for dossier 7
 *
 * A photo is made smaller, the file is laid by on the machine, goes up in pieces (tus 1.0.0) and, when it is whole, its
 * form is sent with the upload's key. Whatever breaks, the next try goes on at the byte that the server has.
 */
(() => {
  const AT_ONCE = 2;
  const PIECE = 512 * 1024; // bytes in a request: what a proxy that gathers whole requests may lose
  const LONG_SIDE = 2000; // pixels of a photo
  const QUALITY = 0.85;
  const HEAD_BYTES = 256 * 1024; // where a photo's EXIF stands
  const MOST_FRESH_STARTS = 3; // for a server that loses what it was sent
  const STALLED = 45000; // ms without a byte after which a line counts as lost though nobody said so
  const ANSWER = 120000; // ms for an answer; a large file is looked into meanwhile
  const TUS = { "Tus-Resumable": "1.0.0" };
  const SIGNED_OUT = "Phiên làm việc đã hết. Đăng nhập lại ở một thẻ khác rồi bấm “Gửi tiếp”.";
  const OTHER_ACCOUNT = "Máy này đang đăng nhập một tài khoản khác. Đăng nhập lại tài khoản đã chọn tệp rồi bấm “Gửi tiếp”.";

  /** The file is not taken: the sentence says why. */
  class Refused extends Error {}
  /** Somebody has to do something first, then "Gửi tiếp". */
  class Stopped extends Error {}
  /** Broken off; going on helps. */
  class Broken extends Error {}

  const queue = []; // items in the order they were chosen
  const leaving = { dataset: {} }; // stands among the forms of `unsent`
  let opening = null; // promise of the store; null where nothing outlives the page

  const place = document.querySelector("[data-ntm-account]");
  const account = place?.dataset.ntmAccount;
  if (place && typeof ntmStore !== "undefined") opening = ntmStore.open(account);

  const token = () => ({
    "X-CSRFToken": csrfToken() || document.querySelector("[name=csrfmiddlewaretoken]")?.value || "",
  });

  /* -------------------------------------------------------------- one file, its line on the page */

  /** A file to be sent. value: what outlives the page, beside the bytes. */
  function newItem(value, list, file = null) {
    const item = { value, file, isReady: !file, state: "waiting", failures: 0, freshStarts: 0, offset: 0, location: "" };
    item.row = rowOf(item);
    list.append(item.row.line);
    queue.push(item);
    return item;
  }

  function rowOf(item) {
    const line = Object.assign(document.createElement("li"), { className: "file-row file-sending" });
    const name = Object.assign(document.createElement("span"), { textContent: item.value.name });
    const bar = Object.assign(document.createElement("progress"), { max: 100, value: 0 });
    bar.setAttribute("aria-label", `Đã gửi của ${item.value.name}`);
    const share = Object.assign(document.createElement("span"), { className: "file-facts" });
    share.setAttribute("aria-hidden", "true");
    const words = Object.assign(document.createElement("span"), { className: "file-facts", textContent: "Đang chờ" });
    words.setAttribute("role", "status");
    const go = newButton("Gửi tiếp", "btn btn-link");
    const cancel = newButton("Hủy", "btn btn-link");
    for (const button of [go, cancel]) {
      const about = Object.assign(document.createElement("span"), { className: "visually-hidden" });
      about.textContent = ` ${item.value.name}`;
      button.append(about);
    }
    go.hidden = true;
    go.addEventListener("click", () => again(item));
    cancel.addEventListener("click", () => giveUp(item));
    line.append(name, bar, share, words, go, cancel);
    return { line, bar, share, words, go, cancel };
  }

  function say(item, words, { failed = false, more = false } = {}) {
    const { row } = item;
    row.words.textContent = words;
    row.words.className = failed ? "file-failed" : "file-facts";
    row.go.hidden = !more;
  }

  function showProgress(item, bytes) {
    const share = Math.floor((bytes / item.file.size) * 100);
    item.row.bar.value = share;
    item.row.share.textContent = `${share} %`;
  }

  function leaveQueue(item, state) {
    item.state = state;
    clearTimeout(item.timer);
    queue.splice(queue.indexOf(item), 1);
    item.row.line.remove();
    item.release?.();
    warnBeforeLeaving();
  }

  /** The page may be left when all that waits is laid by. */
  function warnBeforeLeaving() {
    const here = queue.filter((item) => !item.key && item.state !== "refused");
    if (here.length) unsent.set(leaving, () => Promise.all(here.map((item) => item.running)));
    else unsent.delete(leaving);
  }

  /* -------------------------------------------------------------- the order of things */

  function pump() {
    let running = queue.filter((item) => item.state === "running").length;
    for (const item of queue) {
      if (running >= AT_ONCE) break;
      if (item.state !== "waiting") continue;
      running += 1;
      item.state = "running";
      item.running = attempt(item).finally(pump);
    }
    warnBeforeLeaving();
  }

  async function attempt(item) {
    say(item, "Đang chuẩn bị");
    try {
      if (!item.isReady) await prepare(item);
      if (item.state === "running") finished(item, await carry(item));
    } catch (problem) {
      if (item.state !== "running") return;
      if (problem instanceof Refused) refuse(item, problem.message);
      else if (problem instanceof Stopped) stop(item, problem.message);
      else broke(item);
    }
  }

  function again(item) {
    if (item.state === "running") return;
    clearTimeout(item.timer);
    item.state = "waiting";
    say(item, "Đang chờ");
    pump();
  }

  function broke(item) {
    item.state = "paused";
    const where = item.key ? "; tệp đã giữ trên máy này" : "; hãy để trang này mở";
    const words = navigator.onLine ? "Đường truyền bị ngắt, sẽ gửi tiếp từ chỗ dừng" : "Chưa có mạng, sẽ tự gửi khi có mạng";
    say(item, words + where, { more: true });
    item.timer = setTimeout(() => again(item), RETRY_AFTER[Math.min(item.failures++, RETRY_AFTER.length - 1)]);
  }

  function stop(item, words) {
    item.state = "stopped";
    say(item, words, { failed: true, more: true });
  }

  function refuse(item, words) {
    item.state = "refused";
    forget(item);
    say(item, words, { failed: true });
    item.row.bar.remove();
    item.row.share.remove();
    item.row.cancel.firstChild.textContent = "Bỏ qua";
    item.release?.();
    warnBeforeLeaving();
  }

  function finished(item, data) {
    forget(item);
    leaveQueue(item, "done");
    const { target, about, name } = item.value;
    const section = waitingPlace();
    if (document.querySelector(target)) {
      placeRow(target, data);
      if (section) section.hidden = !section.querySelector("li");
    } else {
      const line = Object.assign(document.createElement("li"), { className: "file-row" });
      line.textContent = `${about}: ${name} đã gửi xong`;
      section.querySelector("ul").append(line);
    }
  }

  function giveUp(item) {
    const { state } = item;
    leaveQueue(item, "cancelled");
    item.request?.abort();
    forget(item);
    if (item.location && state !== "refused") {
      fetch(item.location, { method: "DELETE", headers: { ...TUS, ...token() } }).catch(() => {}); // it expires by itself
    }
    pump();
  }

  window.addEventListener("online", () => queue.filter((item) => item.state === "paused").forEach(again));

  /* -------------------------------------------------------------- laying by */

  async function keep(item) {
    const store = await opening;
    if (!store || item.key) return;
    try {
      const bytes = await item.file.arrayBuffer();
      item.key = await store.put({ kind: "upload", value: item.value, bytes });
      await hold(item);
    } catch {
      item.key = undefined; // the disk is full: the file goes up from the page alone
    }
  }

  async function forget(item) {
    const { key } = item;
    item.key = undefined;
    if (key !== undefined) (await opening)?.remove(key);
  }

  /** Of two tabs only one sends a file: the lock is held until the item is done or the page is gone. */
  function hold(item) {
    return new Promise((told) => {
      navigator.locks.request(`ntm-upload-${item.key}`, { ifAvailable: true }, (lock) => {
        told(Boolean(lock));
        return lock && new Promise((release) => (item.release = release));
      });
    });
  }

  const waitingPlace = () => document.querySelector("[data-ntm-uploads]");

  /** Take up what waits for the dossier of this page. */
  async function takeUp() {
    const section = waitingPlace();
    const store = section && (await opening);
    if (!store) return;
    for (const { id, value } of await store.list("upload")) {
      if (value.dossier !== section.dataset.ntmUploads) continue;
      const mine = { key: id };
      if (!(await hold(mine))) continue;
      const item = newItem(value, section.querySelector("ul"));
      Object.assign(item, mine);
      item.row.line.firstChild.textContent = `${value.about}: ${value.name}`;
      section.hidden = false;
    }
    pump();
  }

  async function fetchKept(item) {
    const store = await opening;
    const record = await store?.get(item.key);
    if (!record) throw new Refused(`Không đọc được tệp ${item.value.name} đã giữ trên máy này; hãy chọn lại tệp.`);
    item.file = new Blob([record.bytes], { type: item.value.type });
  }

  /* -------------------------------------------------------------- before sending */

  async function prepare(item) {
    const { value } = item;
    if (!value.isOriginal) {
      Object.assign(value, await shotOf(item.file));
      const smaller = await madeSmaller(item.file);
      if (smaller !== item.file) {
        value.name = value.name.replace(/\.[^.]*$/, "") + ".jpg";
        item.file = smaller;
      }
    }
    if (item.file.size > value.limit) {
      throw new Refused(`Không nhận tệp ${value.name}: lớn hơn ${Math.floor(value.limit / 1048576)} MB.`);
    }
    value.type = item.file.type;
    if (window.crypto?.subtle) {
      const digest = await crypto.subtle.digest("SHA-256", await item.file.arrayBuffer());
      value.sha256 = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
    }
    await keep(item);
    item.isReady = true;
  }

  /** A photo with its long side LONG_SIDE, upright; the file itself where that gains nothing or the browser cannot. */
  async function madeSmaller(file) {
    if (!/^image\/(jpeg|png)$/.test(file.type)) return file;
    let picture;
    try {
      picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    } catch {
      return file; // the server says what is wrong with it
    }
    const share = LONG_SIDE / Math.max(picture.width, picture.height);
    if (share >= 1) return file;
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * share);
    canvas.height = Math.round(picture.height * share);
    const sheet = canvas.getContext("2d");
    sheet.fillStyle = "#fff"; // under what is transparent
    sheet.fillRect(0, 0, canvas.width, canvas.height);
    sheet.imageSmoothingQuality = "high";
    sheet.drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
    return blob && blob.size < file.size ? blob : file;
  }

  /** {taken_at, taken_offset, latitude, longitude} as far as a JPEG says so; HEIC and others are read by the server. */
  async function shotOf(file) {
    if (file.type !== "image/jpeg") return {};
    try {
      return exifOf(new DataView(await file.slice(0, HEAD_BYTES).arrayBuffer()));
    } catch {
      return {}; // a broken head: the photo counts without it
    }
  }

  /** EXIF 2.32, 4.6: the segment APP1 of a JPEG holds a TIFF; its first directory leads to those of Exif and GPS. */
  function exifOf(view) {
    let at = 2;
    while (view.getUint16(at) !== 0xffe1 || view.getUint32(at + 4) !== 0x45786966) {
      if (view.getUint8(at) !== 0xff || view.getUint16(at) === 0xffda) return {};
      at += 2 + view.getUint16(at + 2);
    }
    const tiff = at + 10;
    const little = view.getUint16(tiff) === 0x4949;
    const short = (offset) => view.getUint16(tiff + offset, little);
    const long = (offset) => view.getUint32(tiff + offset, little);
    const directory = (offset) => {
      const found = new Map();
      for (let entry = offset + 2; entry < offset + 2 + 12 * short(offset); entry += 12) found.set(short(entry), entry);
      return found;
    };
    const text = (entry) => {
      const count = long(entry + 4);
      const from = tiff + (count > 4 ? long(entry + 8) : entry + 8);
      return String.fromCharCode(...new Uint8Array(view.buffer, from, Math.min(count, 40))).replace(/\0.*$/s, "");
    };
    const degrees = (entry) => {
      const part = (place) => long(long(entry + 8) + 8 * place) / long(long(entry + 8) + 8 * place + 4);
      return part(0) + part(1) / 60 + part(2) / 3600;
    };
    const first = directory(long(4));
    const exif = first.has(0x8769) ? directory(long(first.get(0x8769) + 8)) : new Map();
    const gps = first.has(0x8825) ? directory(long(first.get(0x8825) + 8)) : new Map();
    const shot = {};
    if (exif.has(0x9003)) shot.taken_at = text(exif.get(0x9003));
    if (exif.has(0x9011)) shot.taken_offset = text(exif.get(0x9011));
    if ([1, 2, 3, 4].every((tag) => gps.has(tag))) {
      const [south, latitude, west, longitude] = [1, 2, 3, 4].map((tag) => gps.get(tag));
      shot.latitude = ((text(south) === "S" ? -1 : 1) * degrees(latitude)).toFixed(7);
      shot.longitude = ((text(west) === "W" ? -1 : 1) * degrees(longitude)).toFixed(7);
    }
    return shot;
  }

  /* -------------------------------------------------------------- sending */

  /** From wherever it stands to the answer with its row. */
  async function carry(item) {
    const told = await ask(item);
    if (told.known) return finish(item, { sha256: item.value.sha256 });
    if (!item.file) await fetchKept(item);
    item.location ||= told.upload || "";
    let offset = item.location ? await offsetOf(item) : await begin(item);
    say(item, "Đang gửi");
    while (offset < item.file.size) {
      if (item.state !== "running") throw new Broken();
      showProgress(item, offset);
      offset = await sendPiece(item, offset);
      item.failures = 0;
    }
    showProgress(item, offset);
    say(item, "Đang kiểm tra tệp…");
    return finish(item, { upload: item.location.replace(/\/$/, "").split("/").pop() });
  }

  /** A request whose answer we can read; else what is to be done. */
  async function request(item, address, options = {}) {
    item.request = new AbortController();
    const timer = setTimeout(() => item.request.abort(), ANSWER);
    const answer = await fetch(address, {
      ...options,
      headers: { Accept: "application/json", ...TUS, ...token(), ...options.headers },
      signal: item.request.signal,
      redirect: "manual",
    }).catch(() => {
      throw new Broken();
    });
    clearTimeout(timer);
    judge(answer.type === "opaqueredirect" ? 401 : answer.status);
    return answer;
  }

  function judge(status) {
    if (status === 401 || status === 403) throw new Stopped(SIGNED_OUT);
    if (status === 0 || status >= 500) throw new Broken();
  }

  const sentence = async (answer, otherwise) => (await answer.json().catch(() => ({}))).error || otherwise;

  /** Whose session this is now, and whether the server has the bytes, or some of them. */
  async function ask(item) {
    const { value } = item;
    const query = new URLSearchParams({ sha256: value.sha256 || "", commune: value.commune });
    const answer = await request(item, `${value.address}?${query}`);
    if (!answer.ok) throw new Refused(`Không gửi được tệp ${value.name}: tài khoản này không còn nhập hồ sơ của xã.`);
    const told = await answer.json();
    if (account && told.account !== account) throw new Stopped(OTHER_ACCOUNT);
    return told;
  }

  async function begin(item) {
    const { value } = item;
    const told = { filename: value.name, commune: value.commune, sha256: value.sha256 || "" };
    const coded = Object.entries(told).map(([name, words]) => {
      const bytes = new TextEncoder().encode(words);
      return `${name} ${btoa(String.fromCharCode(...bytes))}`;
    });
    const headers = { "Upload-Length": item.file.size, "Upload-Metadata": coded.join(",") };
    const answer = await request(item, value.address, { method: "POST", headers });
    if (answer.status === 429) throw new Stopped(await sentence(answer, "Đang có quá nhiều tệp gửi dở."));
    if (answer.status !== 201) throw new Refused(await sentence(answer, `Không nhận tệp ${value.name}.`));
    item.location = new URL(answer.headers.get("Location"), location.href).pathname;
    return 0;
  }

  async function offsetOf(item) {
    const answer = await request(item, item.location, { method: "HEAD" });
    return answer.ok ? Number(answer.headers.get("Upload-Offset")) : startAnew(item);
  }

  /** What the server had is gone. */
  function startAnew(item) {
    item.location = "";
    item.freshStarts += 1;
    if (item.freshStarts > MOST_FRESH_STARTS) {
      throw new Refused(`Máy chủ không giữ được tệp ${item.value.name}. Hãy báo Văn phòng Điều phối.`);
    }
    return begin(item);
  }

  /** One piece; resolves to the new offset. Not by fetch, which does not tell how much has left. */
  function sendPiece(item, offset) {
    return new Promise((resolve, reject) => {
      const sending = new XMLHttpRequest();
      item.request = sending;
      sending.open("PATCH", item.location);
      const headers = { ...TUS, ...token(), "Upload-Offset": offset, "Content-Type": "application/offset+octet-stream" };
      Object.entries(headers).forEach(([name, value]) => sending.setRequestHeader(name, value));
      let timer = setTimeout(() => sending.abort(), STALLED);
      sending.upload.addEventListener("progress", (event) => {
        showProgress(item, offset + event.loaded);
        clearTimeout(timer);
        timer = setTimeout(() => sending.abort(), STALLED);
      });
      sending.addEventListener("loadend", () => clearTimeout(timer));
      sending.addEventListener("error", () => reject(new Broken()));
      sending.addEventListener("abort", () => reject(new Broken()));
      sending.addEventListener("load", () => {
        const isElsewhere = new URL(sending.responseURL).pathname !== item.location; // sent on to sign in
        try {
          judge(isElsewhere ? 401 : sending.status);
          if (sending.status === 204) resolve(Number(sending.getResponseHeader("Upload-Offset")));
          else if (sending.status === 409) resolve(offsetOf(item));
          else if (sending.status === 404 || sending.status === 410) resolve(startAnew(item));
          else reject(new Refused(`Không nhận tệp ${item.value.name}.`));
        } catch (problem) {
          reject(problem);
        }
      });
      sending.send(item.file.slice(offset, offset + PIECE));
    });
  }

  /** The form of the indicator, with the upload instead of a file. */
  async function finish(item, what) {
    const { value } = item;
    const body = new URLSearchParams(value.fields);
    const shot = ["taken_at", "taken_offset", "latitude", "longitude"].filter((name) => value[name]);
    for (const name of shot) body.append(name, value[name]);
    if (account) body.append("account", account);
    Object.entries(what).forEach(([name, key]) => body.append(name, key));
    const answer = await request(item, value.action, { method: "POST", body });
    if (answer.ok) return answer.json();
    if (answer.status !== 410) throw new Refused(await sentence(answer, `Không nhận tệp ${value.name}.`));
    item.location = "";
    item.freshStarts += 1;
    if (item.freshStarts > MOST_FRESH_STARTS) throw new Refused(await sentence(answer, `Không nhận tệp ${value.name}.`));
    throw new Broken();
  }

  /** Its row in the list of the indicator, in place of an older one of the same piece. */
  function placeRow(target, data) {
    const list = document.querySelector(target);
    const piece = elements(data.html);
    const twin = piece.firstElementChild?.id && document.getElementById(piece.firstElementChild.id);
    start(piece);
    if (twin) twin.replaceWith(piece);
    else list?.append(piece);
    const note = list?.previousElementSibling;
    if (note && "ntmEmpty" in note.dataset) note.hidden = true;
    replaceFragments(data.fragments);
  }

  /* -------------------------------------------------------------- the form */

  function upload(form) {
    const list = form.querySelector("[data-ntm-upload-list]");
    const area = form.querySelector("[data-ntm-drop]") || form;
    const original = form.querySelector("[data-ntm-original]");
    each("[data-ntm-upload-button]", (plain) => (plain.hidden = true), form);
    if (original) original.hidden = false;

    const take = (files) => {
      const fields = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !name.startsWith("csrf"));
      for (const file of files) {
        const value = {
          name: file.name,
          isOriginal: Boolean(original?.querySelector("input").checked),
          limit: Number(form.dataset.ntmMaxBytes) || SIZE_LIMIT,
          fields,
          action: addressOf(form),
          address: form.dataset.ntmUploadTo,
          commune: form.dataset.ntmCommune || "",
          target: form.dataset.ntmUploadTarget,
          about: form.dataset.ntmUploadName || "",
          dossier: waitingPlace()?.dataset.ntmUploads || "",
        };
        newItem(value, list, file);
      }
      pump();
    };

    each("input[type=file]", (input) => {
      input.addEventListener("change", () => {
        take(input.files);
        input.value = "";
        input.required = false;
      });
    }, form);
    area.addEventListener("dragover", (event) => {
      event.preventDefault();
      area.dataset.ntmOver = "";
    });
    area.addEventListener("dragleave", () => delete area.dataset.ntmOver);
    area.addEventListener("drop", (event) => {
      event.preventDefault();
      delete area.dataset.ntmOver;
      take(event.dataTransfer.files);
    });
  }

  HELPS["form[data-ntm-upload]"] = upload;
  each("form[data-ntm-upload]", upload);
  takeUp();
})();
