"use strict";
/* The page that a printed code opens: what stands behind the # of the address is posted, never sent as an address. */

const form = document.querySelector("[data-ntm-sheet-code]");
const code = location.hash.slice(1);
if (code) history.replaceState(null, "", location.pathname);
if (form && code) {
  form.elements.code.value = code;
  form.requestSubmit();
}
