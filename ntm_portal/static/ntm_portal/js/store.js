"use strict";
/*
 * What waits on this machine until it can be sent, encrypted: a computer is shared by several accounts.
 *
 *   const { ntmAccount } = document.querySelector("[data-ntm-account]").dataset;   // on pages of who enters dossiers
 *   const store = await ntmStore.open(ntmAccount);                  // null where nothing can be kept
 *   const id = await store.put({ kind: "entry", value, bytes });    // `id` given: replaces that one
 *   await store.list("entry");                                      // [{ id, kind, value }], oldest first, without bytes
 *   await store.get(id);                                            // { id, kind, value, bytes } or undefined
 *   await store.remove(id);
 *
 * `value` is anything JSON can hold, `bytes` an ArrayBuffer or nothing. Each account has a random key at the server. A
 * signed-in page fetches it once; here it lies only as a key that no script can read out, and only until somebody signs
 * out or another account is used. The records stay and can be read again when their own account signs in.
 */
const ntmStore = (() => {
  const done = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });

  /** The same database is named in service-worker.js. */
  function database() {
    const opening = indexedDB.open("ntm", 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore("keys", { keyPath: "account" });
      const records = opening.result.createObjectStore("records", { keyPath: "id", autoIncrement: true });
      records.createIndex("owner", ["account", "kind"]);
    };
    return done(opening);
  }

  async function run(db, name, mode, act) {
    const change = db.transaction(name, mode, { durability: "strict" });
    const finished = new Promise((resolve, reject) => {
      change.oncomplete = resolve;
      change.onabort = () => reject(change.error);
    });
    const result = await done(act(change.objectStore(name)));
    await finished;
    return result;
  }

  /** The account's key: the one in use on this machine, else the server's; those of other accounts go. */
  async function keyOf(db, account) {
    const held = await run(db, "keys", "readonly", (keys) => keys.getAll());
    for (const other of held.filter((item) => item.account !== account)) {
      await run(db, "keys", "readwrite", (keys) => keys.delete(other.account));
    }
    const own = held.find((item) => item.account === account);
    if (own) return own.key;
    const place = document.querySelector("[data-ntm-account]"); // it names the address of the key too
    const token = document.cookie.match(/(?:^|; )(?:__\w+-)?csrftoken=([^;]+)/);
    const answer = await fetch(place.dataset.ntmKeyAddress, {
      method: "POST",
      headers: { Accept: "application/json", "X-CSRFToken": token ? token[1] : "" },
    });
    const given = answer.ok && !answer.redirected ? await answer.json() : {};
    if (given.account !== account) return null;
    const raw = Uint8Array.from(atob(given.key), (sign) => sign.charCodeAt(0));
    const key = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
    await run(db, "keys", "readwrite", (keys) => keys.put({ account, key }));
    return key;
  }

  const opening = new Map();

  /** One store for all scripts of a page; what could not be opened is tried again. */
  async function open(account) {
    if (!opening.has(account)) opening.set(account, opened(account));
    const store = await opening.get(account);
    if (!store) opening.delete(account);
    return store;
  }

  async function opened(account) {
    if (!window.indexedDB || !window.crypto?.subtle || !navigator.locks) return null;
    try {
      const db = await database();
      const key = await keyOf(db, account);
      return key && storeOf(db, account, key);
    } catch {
      return null; // private windows, a full disk, no line before the first key
    }
  }

  function storeOf(db, account, key) {
    const encrypt = async (bytes) => {
      const iv = crypto.getRandomValues(new Uint8Array(12));
      return { iv, data: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, bytes) };
    };
    const decrypt = ({ iv, data }) => crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, data);
    const plain = async ({ id, kind, value }) => ({
      id,
      kind,
      value: JSON.parse(new TextDecoder().decode(await decrypt(value))),
    });
    return {
      async put({ id, kind, value, bytes }) {
        const record = { account, kind, value: await encrypt(new TextEncoder().encode(JSON.stringify(value))) };
        if (bytes) record.bytes = await encrypt(bytes);
        if (id !== undefined) record.id = id;
        return run(db, "records", "readwrite", (records) => records.put(record));
      },
      async get(id) {
        const record = await run(db, "records", "readonly", (records) => records.get(id));
        if (record?.account !== account) return undefined;
        return { ...(await plain(record)), bytes: record.bytes && (await decrypt(record.bytes)) };
      },
      async list(kind) {
        const owned = await run(db, "records", "readonly", (records) => records.index("owner").getAll([account, kind]));
        return Promise.all(owned.map(plain));
      },
      remove: (id) => run(db, "records", "readwrite", (records) => records.delete(id)),
    };
  }

  /** On signing out: what waits stays, but nobody can read it before its account signs in again. */
  async function forget() {
    if (!window.indexedDB) return;
    const db = await database();
    await run(db, "keys", "readwrite", (keys) => keys.clear());
    db.close();
  }

  return { open, forget };
})();
