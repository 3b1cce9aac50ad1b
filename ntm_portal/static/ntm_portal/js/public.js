"use strict";
/* The public pages: checking a file without sending it, copying a citation. Both pages work without it. */

/** SHA-256 of a file in hexadecimal digits, worked out on this machine. */
async function sha256(file) {
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * data-ntm-hash on the form for a file: only its hash is asked about, so a large file costs nothing on a weak line.
 * Where the browser cannot (no https, file gone) the form is sent as it is.
 */
function hashInstead(form) {
  const input = form.querySelector('input[type="file"]');
  const state = form.querySelector("[data-ntm-hash-state]");
  const say = (words) => {
    state.textContent = words;
    state.hidden = !words;
  };
  form.addEventListener("submit", async (event) => {
    const file = input.files[0];
    if (!file || !window.crypto || !crypto.subtle) return;
    event.preventDefault();
    say("Đang tính mã băm trên máy này…");
    try {
      location.assign(`${form.action}?ma=${await sha256(file)}`);
    } catch {
      say("Không đọc được tệp trên máy này, đang gửi tệp đi…");
      form.submit();
    }
  });
  window.addEventListener("pageshow", () => say(""));
}

/** data-ntm-copy on a button: copies the words of the element with that id and says so. */
function copyWords(button) {
  if (!navigator.clipboard) return;
  const words = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.ntmCopy).textContent.trim());
    button.textContent = "Đã sao chép";
    setTimeout(() => {
      button.textContent = words;
    }, 3000);
  });
}

document.querySelectorAll("form[data-ntm-hash]").forEach(hashInstead);
document.querySelectorAll("[data-ntm-copy]").forEach(copyWords);
