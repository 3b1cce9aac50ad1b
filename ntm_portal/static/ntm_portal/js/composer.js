"use strict";
/* The composer of notices: printed pages beside the text, search in lists. Comes after app.js, whose small helps it uses. */

const TOLD_AFTER = 500; // ms that printing may take before it is spoken of
const ZOOMS = [1, 1.25, 1.5, 2, 3];

/** As the server folds words: without case, diacritics and signs. */
function folded(text) {
  const bare = text.replace(/[đĐ]/g, "d").normalize("NFD").replace(/\p{M}/gu, "");
  return (bare.toLowerCase().match(/[\p{L}\p{N}_]+/gu) || []).join(" ");
}

/* ---------------------------------------------------------------- printed pages */

/**
 * data-ntm-pages="address": the pages as they print, asked for anew whenever the text was saved. One question at a
 * time, and the version of each answer is looked at: an older one never takes the place of a newer one. The old page
 * stays until the new one can be shown.
 */
function printedPages(place) {
  const viewer = place.querySelector("[data-ntm-viewer]");
  const state = place.querySelector("[data-ntm-pages-state]");
  const refusal = place.querySelector("[data-ntm-pages-refused]");
  const text = document.querySelector(place.dataset.ntmPagesText);
  const sheets = [];
  let shown = 0; // version on the screen
  let target = null; // where the person writes
  let isWriting = false; // before, the beginning of the part is shown
  let isAsking = false;
  let isOld = false; // the text was saved again while asking
  let zoom = 0;
  each("[data-ntm-pages-tool]", (tool) => (tool.hidden = false), place);

  const inView = new IntersectionObserver(
    (seen) => seen.forEach((one) => ((one.target.isSeen = one.isIntersecting) ? draw(one.target) : null)),
    { root: viewer },
  );

  async function ask() {
    isOld = true;
    if (isAsking) return;
    isAsking = true;
    const slow = setTimeout(() => say("Đang dàn trang…"), TOLD_AFTER);
    while (isOld) {
      isOld = false;
      await refresh().catch(() => say("Chưa cập nhật được trang in; trang đang hiện là bản trước đó."));
    }
    clearTimeout(slow);
    isAsking = false;
  }

  async function refresh() {
    const query = new URLSearchParams({ phan: place.dataset.ntmPagesPart });
    if (isWriting) query.set("vi-tri", text.selectionEnd);
    const answer = await fetch(`${place.dataset.ntmPages}?${query}`, {
      headers: { Accept: "application/json" },
      credentials: "same-origin",
    });
    if (!answer.ok || answer.redirected) throw new Error(`status ${answer.status}`);
    const data = await answer.json();
    if (data.version < shown) return;
    refusal.hidden = !data.refused;
    refusal.textContent = data.refused || "";
    if (data.refused) return say(sheets.length ? "Trang đang hiện là bản trước đó." : "");
    shown = data.version;
    target = data.at;
    lay(data.pages);
    await follow();
    tellPage();
  }

  /** As many sheets as there are pages, each with the address of its image; images come as sheets come into view. */
  function lay(addresses) {
    while (sheets.length > addresses.length) {
      const sheet = sheets.pop();
      inView.unobserve(sheet);
      sheet.remove();
    }
    addresses.forEach((address, at) => {
      if (!sheets[at]) {
        sheets[at] = Object.assign(document.createElement("div"), { className: "sheet" });
        viewer.append(sheets[at]);
        inView.observe(sheets[at]);
      }
      sheets[at].address = address;
      sheets[at].words = `Trang ${at + 1}/${addresses.length} của bản in`;
    });
    sheets.filter((sheet) => sheet.isSeen).forEach(draw);
  }

  /** Show a sheet's image when it has come; by then another one may be wanted. */
  async function draw(sheet) {
    const width = Math.ceil(sheet.clientWidth * (window.devicePixelRatio || 1));
    const source = `${sheet.address}?rong=${width}`;
    if (!width || sheet.drawn === source) return;
    sheet.drawn = source;
    const image = Object.assign(new Image(), { alt: sheet.words, src: source });
    try {
      await image.decode();
    } catch {
      if (sheet.drawn === source) sheet.drawn = "";
      return;
    }
    if (sheet.drawn === source) sheet.replaceChildren(image);
  }

  /** Bring the place where the person writes into view, unless it is there. */
  async function follow() {
    const sheet = target && sheets[target.page - 1];
    if (!sheet || !viewer.clientHeight) return;
    const top = sheet.offsetTop + target.down * sheet.offsetHeight - viewer.scrollTop;
    const margin = viewer.clientHeight / 8;
    if (top < margin || top > viewer.clientHeight - margin) viewer.scrollTop += top - viewer.clientHeight / 3;
    await draw(sheet);
  }

  const say = (words) => (state.textContent = words);
  const present = () => {
    const middle = viewer.scrollTop + viewer.clientHeight / 2;
    const found = sheets.findLastIndex((sheet) => sheet.offsetTop <= middle);
    return Math.max(0, found);
  };
  const tellPage = () => sheets.length && !isOld && say(`Trang ${present() + 1}/${sheets.length}`);
  const turn = (step) => {
    const sheet = sheets[present() + step];
    if (sheet) viewer.scrollTop = sheet.offsetTop;
  };
  const enlarge = (step) => {
    const middle = (viewer.scrollTop + viewer.clientHeight / 2) / viewer.scrollHeight;
    zoom = Math.max(0, Math.min(ZOOMS.length - 1, zoom + step));
    viewer.style.setProperty("--zoom", ZOOMS[zoom]);
    viewer.scrollTop = middle * viewer.scrollHeight - viewer.clientHeight / 2;
    viewer.scrollLeft = (viewer.scrollWidth - viewer.clientWidth) / 2;
    sheets.filter((sheet) => sheet.isSeen).forEach(draw);
  };

  each("[data-ntm-zoom]", (button) => button.addEventListener("click", () => enlarge(Number(button.dataset.ntmZoom))), place);
  each("[data-ntm-turn]", (button) => button.addEventListener("click", () => turn(Number(button.dataset.ntmTurn))), place);
  viewer.addEventListener("scroll", tellPage, { passive: true });
  // Behind a tab the pages have no size; they get one when the tab is opened.
  new ResizeObserver(() => {
    follow();
    tellPage();
    sheets.filter((sheet) => sheet.isSeen).forEach(draw);
  }).observe(viewer);
  text?.addEventListener("focus", () => (isWriting = true));
  document.addEventListener("ntm:saved", ask);
  if (document.readyState === "complete") ask();
  else window.addEventListener("load", ask);
}

/* ---------------------------------------------------------------- search in a list */

/** data-ntm-filter="#list" on a search field: shows the lines with all the words; Enter presses the first one's button. */
function filterList(field) {
  const list = document.querySelector(field.dataset.ntmFilter);
  const count = document.querySelector(field.dataset.ntmFilterCount);
  const lines = [...list.querySelectorAll("[data-ntm-line]")];
  const words = new Map(lines.map((line) => [line, folded(`${line.dataset.ntmLine} ${line.textContent}`)]));
  field.closest("[hidden]")?.removeAttribute("hidden");
  const show = () => {
    const wanted = folded(field.value).split(" ").filter(Boolean);
    const fits = (line) => wanted.every((word) => words.get(line).includes(word));
    lines.forEach((line) => (line.hidden = !fits(line)));
    const found = lines.filter((line) => !line.hidden).length;
    each("[data-ntm-lines]", (group) => {
      const isFilled = group.querySelector("[data-ntm-line]:not([hidden])") !== null;
      group.hidden = !isFilled;
      group.open = isFilled && wanted.length > 0;
    }, list);
    count.textContent = wanted.length ? (found ? `${found} dòng` : "Không có dòng nào khớp") : "";
  };
  field.addEventListener("input", show);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (field.value.trim()) lines.find((line) => !line.hidden)?.querySelector("[data-ntm-insert]")?.click();
  });
}

/* ---------------------------------------------------------------- texts from the library */

/** data-ntm-take="text" on a form: puts the text where the cursor stands, as lines of its own, instead of being sent. */
function takeText(form) {
  const text = document.querySelector(form.dataset.ntmTakeTarget);
  if (!text) return;
  const take = (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    const before = text.value.slice(0, text.selectionStart);
    const after = text.value.slice(text.selectionEnd);
    const opening = before && !before.endsWith("\n") ? "\n" : "";
    const ending = after && !after.startsWith("\n") ? "\n" : "";
    text.focus();
    text.setRangeText(opening + form.dataset.ntmTake + ending, text.selectionStart, text.selectionEnd, "end");
    text.dispatchEvent(new Event("input", { bubbles: true }));
  };
  // Before the guard against sending twice, which would count it as sent.
  form.addEventListener("submit", take, { capture: true });
}

/* ---------------------------------------------------------------- figures in the text */

/** A chip leads to its figure's line, which opens: formula and units stand there. */
document.addEventListener("click", (event) => {
  const chip = event.target.closest("a[data-ntm-chip]");
  if (!chip) return;
  for (let line = document.querySelector(chip.hash); line; line = line.parentElement.closest("details")) line.open = true;
});

each("[data-ntm-pages]", printedPages);
each("[data-ntm-filter]", filterList);
each("form[data-ntm-take]", takeText);
// What is inserted before anybody has put the cursor anywhere goes to the end.
// An address that names words has them selected already.
if (!new URLSearchParams(location.search).has("tim")) {
  each("[data-ntm-write]", (text) => text.setSelectionRange(text.value.length, text.value.length));
}
