// rows moves j and k through a list, only while the focus is inside it
// (WCAG 2.1.4), from one row's main link to the next.
export function rows(root) {
  for (const table of root.querySelectorAll("[data-rows]")) {
    table.addEventListener("keydown", (e) => {
      if (e.ctrlKey || e.metaKey || e.altKey || !/^[jk]$/.test(e.key) || /^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName) && e.target.type !== "checkbox") return;
      const links = [...table.querySelectorAll("tbody tr")].map((r) => r.querySelector("a")).filter(Boolean);
      const here = links.findIndex((a) => a.closest("tr").contains(e.target));
      const next = links[here + (e.key === "j" ? 1 : -1)];
      if (next) {
        next.focus();
        e.preventDefault();
      }
    });
  }
}
