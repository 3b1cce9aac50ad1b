// The review desk: looking through evidence, concluding by one key, taking over a phrase, remembering what was seen.
// Without it the page still shows every image and sends every form.

const STEPS = [0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3];
const QUARTER = 90;

/** data-ntm-viewer: page by page, larger and smaller, turned; its buttons are data-ntm-view, its pages data-ntm-leaf. */
function viewer(section) {
  const frame = section.querySelector(".viewer");
  const tools = section.querySelector(".viewer-tools");
  const leaves = [...section.querySelectorAll("[data-ntm-leaf]")];
  if (!tools || !leaves.length) return;
  const place = tools.querySelector("[data-ntm-view-place]");
  const zoomed = tools.querySelector("[data-ntm-view-zoom]");
  let zoom = STEPS.indexOf(1);
  tools.hidden = false;

  // The page one looks at: the first whose lower edge is still well within the frame.
  const present = () => {
    if (!frame.getClientRects().length) return 0; // in the closed half on a phone
    const top = Math.max(frame.getBoundingClientRect().top, 0);
    const found = leaves.findIndex((leaf) => leaf.getBoundingClientRect().bottom > top + 80);
    return found < 0 ? leaves.length - 1 : found;
  };
  const tell = () => {
    const words = leaves.length > 1 ? `Ảnh ${present() + 1}/${leaves.length}` : "Ảnh 1/1";
    if (place.textContent !== words) place.textContent = words;
  };
  const show = (leaf) => {
    const scrolls = frame.scrollHeight > frame.clientHeight + 1 && getComputedStyle(frame).overflowY !== "visible";
    if (scrolls) frame.scrollTop += leaf.getBoundingClientRect().top - frame.getBoundingClientRect().top - 8;
    else leaf.scrollIntoView({ block: "start" });
    tell();
  };
  const enlarge = (step) => {
    const leaf = leaves[present()];
    zoom = Math.min(Math.max(step, 0), STEPS.length - 1);
    frame.style.setProperty("--zoom", STEPS[zoom]);
    zoomed.textContent = `${STEPS[zoom] * 100} %`;
    show(leaf);
  };
  const acts = {
    back: () => show(leaves[Math.max(present() - 1, 0)]),
    on: () => show(leaves[Math.min(present() + 1, leaves.length - 1)]),
    larger: () => enlarge(zoom + 1),
    smaller: () => enlarge(zoom - 1),
    fit: () => enlarge(STEPS.indexOf(1)),
    turn: () => turn(leaves[present()]),
  };
  for (const button of tools.querySelectorAll("[data-ntm-view]")) {
    button.addEventListener("click", acts[button.dataset.ntmView]);
  }
  frame.addEventListener("scroll", tell, { passive: true });
  window.addEventListener("scroll", tell, { passive: true });
  tell();
}

/** A quarter to the right. Lying down, a page takes the width of the frame with its height. */
function turn(leaf) {
  const image = leaf.querySelector("img");
  const angle = (Number(leaf.dataset.ntmTurned || 0) + QUARTER) % 360;
  const [width, height] = [image.naturalWidth || image.width, image.naturalHeight || image.height];
  leaf.dataset.ntmTurned = angle;
  leaf.style.aspectRatio = angle % 180 ? `${height} / ${width}` : `${width} / ${height}`;
  image.style.width = angle % 180 ? `${(width / height) * 100}%` : "100%";
  image.style.transform = `translate(-50%, -50%) rotate(${angle}deg)`;
}

/**
 * data-ntm-decide on the form of a verdict: a key of a verdict that needs no further reason sends it at once. One that
 * needs a reason and has none leads to the reason; so does every key where the criterion has been concluded already.
 */
function decide(form) {
  const { reason } = form.elements;
  const { ntmProposal: proposal, ntmProposalReason: offered } = form.dataset;
  form.addEventListener("ntm-key", (event) => {
    const verdict = event.target.value;
    if (event.target.type !== "radio") return;
    if (verdict === proposal && offered && !reason.value.trim()) reason.value = offered;
    const isNeeded = verdict !== "dat" || (proposal && verdict !== proposal);
    if ("ntmDecided" in form.dataset || (isNeeded && !reason.value.trim())) reason.focus();
    else form.requestSubmit();
  });
}

/** data-ntm-phrase on a choice of phrases: the one chosen stands in the reason beside it, in place of the one before. */
function phrase(select) {
  const name = select.name.replace(/phrase$/, "reason");
  const reason = select.form.elements[name];
  let taken = "";
  select.addEventListener("change", () => {
    const rest = taken && reason.value.startsWith(taken) ? reason.value.slice(taken.length).trim() : reason.value.trim();
    taken = select.value;
    reason.value = [taken, rest].filter(Boolean).join(" ");
  });
  // What is sent is the reason: the choice alone would come back a second time where its words were changed.
  select.form.addEventListener("submit", () => (select.value = ""));
}

/** data-ntm-looked on a form: sends it once the page is shown; its button is for when that fails. */
async function looked(form) {
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new FormData(form),
      headers: { Accept: "application/json" },
      keepalive: true,
    });
    form.hidden = answer.ok;
  } catch {
    form.hidden = false;
  }
}

/** A link to something in the half of the desk that is closed on a phone opens that half. */
function openHalf(link) {
  link.addEventListener("click", () => {
    const half = document.querySelector(link.hash)?.closest("[data-ntm-panel]");
    if (half?.hasAttribute("data-ntm-closed")) document.querySelector(`[data-ntm-tabs] a[href="#${half.id}"]`).click();
  });
}

/** A key that opens a fold leads into its form. */
function openFold(summary) {
  summary.addEventListener("ntm-key", () => {
    summary.parentElement.open = true;
    summary.parentElement.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  });
}

const DESK = {
  "[data-ntm-viewer]": viewer,
  "form[data-ntm-decide]": decide,
  "select[data-ntm-phrase]": phrase,
  "form[data-ntm-looked]": looked,
  ".desk a[href^='#']:not([data-ntm-tabs] a)": openHalf,
  "summary[data-ntm-key]": openFold,
};
for (const [selector, help] of Object.entries(DESK)) document.querySelectorAll(selector).forEach(help);
