"use strict";
/*
 * Pages of the commune's own dossiers that were opened once can be read without a line: from the network when it answers
 * soon, else the copy of this machine, marked as one. The server says of each page whether it may be kept and for whom
 * (X-Kept-For). Signing out, signing in and another account's page delete what was kept. Everything else passes by.
 */
const PAGES = /^\/ho-so\/\d+\/(tieu-chi\/\d+\/)?$/;
const STARTS = /^\/(ho-so\/)?$/; // where people begin: without a line they are shown what was kept
const SIGN_IN = "/dang-nhap/";
const SIGN_OUT = "/dang-xuat/";
const FILES = "ntm-files";
const KEPT = "ntm-pages-"; // and the account
const HASHED = /\.[0-9a-f]{12}\./; // such a file never changes under its name
const PATIENCE = 5000; // ms
const MOST = 80; // pages, and files

let deletions = 0; // what was asked for before one is not kept after it

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== location.origin) return;
  if (request.mode === "navigate") {
    if (pathname === SIGN_OUT) event.respondWith(signOut(request));
    else if (pathname === SIGN_IN) event.waitUntil(forget());
    else if (request.method !== "GET") return;
    else if (PAGES.test(pathname)) event.respondWith(page(event));
    else if (STARTS.test(pathname)) event.respondWith(fetch(request).catch(listOfPages));
  } else if (request.method === "GET" && pathname.startsWith("/static/")) {
    event.respondWith(file(request));
  }
});

/** A page that was opened before this worker ruled, and its files. */
self.addEventListener("message", (event) => {
  const { address, files } = event.data;
  const since = deletions;
  const all = [fetch(address).then((answer) => keep(address, answer, since)), ...files.map((url) => file(new Request(url)))];
  event.waitUntil(Promise.allSettled(all));
});

async function page(event) {
  const { request } = event;
  const since = deletions;
  const live = fetch(request).then((answer) => {
    event.waitUntil(keep(request.url, answer.clone(), since));
    return answer;
  });
  event.waitUntil(live.catch(() => {}));
  const kept = await caches.match(request.url, { ignoreSearch: true });
  if (!kept) return live.catch(listOfPages);
  const late = new Promise((done) => setTimeout(done, PATIENCE));
  const answer = await Promise.race([live.catch(() => {}), late]);
  const isAway = !answer || [502, 503, 504].includes(answer.status); // the proxy answers, the portal does not
  return isAway ? copyOf(kept) : answer;
}

async function keep(address, answer, since) {
  if (answer.type === "opaqueredirect" || answer.redirected || answer.status >= 500) return;
  const account = answer.ok && answer.headers.get("X-Kept-For");
  const name = KEPT + account;
  if (account) await forgetPages((other) => other !== name);
  if (account && !new URL(address).search) {
    const pages = await caches.open(name);
    await pages.put(address, answer);
    await trim(pages);
  } else if (!account) {
    await caches.match(address, { ignoreSearch: true }).then((kept) => kept && forgetPages());
  }
  if (since !== deletions) await forgetPages();
}

async function trim(cache) {
  const [...kept] = await cache.keys();
  await Promise.all(kept.slice(0, -MOST).map((request) => cache.delete(request)));
}

/** The page as it was kept, with the line shown that says so. */
async function copyOf(kept) {
  const headers = new Headers(kept.headers);
  ["Content-Encoding", "Content-Length"].forEach((name) => headers.delete(name));
  const words =
    `Đang xem bản lưu trên máy này lúc ${timeOf(kept)}, vì chưa kết nối được máy chủ. ` +
    "Vẫn nhập được: nội dung nhập ở lại trên máy và tự gửi khi có mạng.";
  const html = await kept.text();
  return new Response(html.replace("data-ntm-copy hidden>", `data-ntm-copy>${words}`), { headers });
}

function timeOf(kept) {
  const at = new Date(kept.headers.get("Date"));
  const time = at.toLocaleTimeString("vi-VN", { hour: "2-digit", minute: "2-digit" });
  const day = at.toLocaleDateString("vi-VN", { day: "2-digit", month: "2-digit", year: "numeric" });
  return `${time} ngày ${day}`;
}

async function file(request) {
  const files = await caches.open(FILES);
  const kept = await files.match(request.url);
  if (kept && HASHED.test(request.url)) return kept;
  try {
    const answer = await fetch(request);
    if (answer.ok) {
      const copy = answer.clone();
      files.put(request.url, copy).then(() => trim(files), () => {}); // a full disk is no reason to show nothing
    }
    return answer;
  } catch {
    return kept || Response.error();
  }
}

/* ---------------------------------------------------------------- pages of its own */

async function listOfPages() {
  const lines = [];
  for (const name of await caches.keys()) {
    if (!name.startsWith(KEPT)) continue;
    const pages = await caches.open(name);
    for (const request of await pages.keys()) {
      const kept = await pages.match(request);
      const title = /<title>([^<]*?)(?: ·[^·<]*)?<\/title>/.exec(await kept.text());
      lines.push(`<li><a href="${new URL(request.url).pathname}">${title ? title[1] : ""}</a>, lưu lúc ${timeOf(kept)}</li>`);
    }
  }
  const found = lines.length
    ? `<p>Những trang đã mở trên máy này vẫn xem và nhập được:</p><ul>${lines.join("")}</ul>`
    : "<p>Trên máy này chưa lưu trang hồ sơ nào. Kiểm tra kết nối mạng rồi tải lại trang.</p>";
  return plainPage("Chưa kết nối được máy chủ", found);
}

async function signOut(request) {
  await forget();
  const words =
    "<p>Những trang lưu trên máy này đã được xóa, nhưng máy chủ chưa biết. Khi có mạng, xin mở lại cổng và đăng xuất " +
    "lần nữa, hoặc đóng hẳn trình duyệt.</p>";
  return fetch(request).catch(() => plainPage("Chưa đăng xuất được vì không có mạng", words));
}

async function plainPage(title, body) {
  const requests = await caches.open(FILES).then((files) => files.keys());
  const paths = requests.map(({ url }) => new URL(url).pathname).filter((path) => path.endsWith(".css"));
  const styles = ["bootstrap.min", "theme", "components"].flatMap((name) => paths.filter((path) => path.includes(`/${name}.`)));
  const links = styles.map((path) => `<link rel="stylesheet" href="${path}">`);
  const html =
    `<!doctype html><html lang="vi"><head><meta charset="utf-8"><title>${title}</title>` +
    `<meta name="viewport" content="width=device-width, initial-scale=1">${links.join("")}</head>` +
    `<body class="no-nav"><div class="frame"><div class="page page-narrow"><main><h1>${title}</h1>${body}</main></div></div></body></html>`;
  const headers = { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": "default-src 'none'; style-src 'self'" };
  return new Response(html, { headers });
}

/* ---------------------------------------------------------------- deleting */

async function forgetPages(which = () => true) {
  const names = (await caches.keys()).filter((name) => name.startsWith(KEPT) && which(name));
  await Promise.all(names.map((name) => caches.delete(name)));
}

/** The pages, and the keys of what waits (store.js): its records stay, unreadable. */
async function forget() {
  deletions += 1;
  await forgetPages();
  await new Promise((done) => {
    const opening = indexedDB.open("ntm");
    opening.onupgradeneeded = () => opening.transaction.abort(); // nothing was ever kept
    opening.onerror = done;
    opening.onsuccess = () => {
      const change = opening.result.transaction("keys", "readwrite");
      change.objectStore("keys").clear();
      change.oncomplete = change.onabort = done;
      opening.result.close();
    };
  });
}
