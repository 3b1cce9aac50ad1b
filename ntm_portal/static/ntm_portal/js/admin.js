"use strict";
/* What Django's administration site lacks for people who do not see it: words in empty table heads, wide tables by keys. */

for (const head of document.querySelectorAll("th")) {
  if (head.textContent.trim() || head.querySelector("input, img")) continue;
  const words = head.classList.contains("original") ? "Bản ghi" : "Thao tác";
  head.append(Object.assign(document.createElement("span"), { className: "visually-hidden", textContent: words }));
}

for (const group of document.querySelectorAll(".inline-group")) {
  group.tabIndex = 0;
  group.setAttribute("role", "region");
  group.setAttribute("aria-label", group.querySelector("h2")?.textContent.trim() || "Bảng");
}
