"use strict";
(() => {
  // Without scripts the page is complete; this only adds sorting, filters and printing.
  document.documentElement.classList.add("js");

  const table = document.getElementById("evidence-table");
  if (table) {
    const body = table.tBodies[0];
    const original = Array.from(body.rows);
    const headers = Array.from(table.tHead.rows[0].cells);
    const form = document.getElementById("filters");
    const search = document.getElementById("search");
    const slug = document.getElementById("filter-slug");
    const layer = document.getElementById("filter-layer");
    const status = document.getElementById("status");
    const verdicts = Array.from(form.querySelectorAll("input[name=verdict]"));
    const haystack = new Map(original.map((row) => [row, row.textContent.toLowerCase()]));

    const key = (row, column) => row.cells[column].dataset.sort;

    const compare = (a, b, numeric) => {
      if (a === "" || b === "") return (a === "") - (b === ""); // a missing value stays last
      if (numeric) return Number(a) - Number(b);
      return a.localeCompare(b, "en", { numeric: true });
    };

    const sortBy = (column, direction) => {
      headers.forEach((header, i) => header.setAttribute("aria-sort", i === column ? direction : "none"));
      const rows = original.slice();
      if (direction !== "none") {
        const numeric = headers[column].dataset.type === "number";
        const sign = direction === "ascending" ? 1 : -1;
        rows.sort((x, y) => {
          const a = key(x, column);
          const b = key(y, column);
          const missing = a === "" || b === "";
          return compare(a, b, numeric) * (missing ? 1 : sign);
        });
      }
      body.append(...rows);
    };

    const next = { none: "ascending", ascending: "descending", descending: "none" };
    headers.forEach((header, i) => {
      header.querySelector("button").addEventListener("click", () => sortBy(i, next[header.getAttribute("aria-sort")]));
    });

    const filter = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const allowed = new Set(verdicts.filter((box) => box.checked).map((box) => box.value));
      let shown = 0;
      for (const row of original) {
        const visible =
          allowed.has(row.dataset.verdict) &&
          (!slug.value || row.dataset.slug === slug.value) &&
          (!layer.value || row.dataset.layer === layer.value) &&
          words.every((word) => haystack.get(row).includes(word));
        row.hidden = !visible;
        shown += visible ? 1 : 0;
      }
      const total = original.length === 1 ? "1 row" : `${original.length} rows`;
      status.textContent = shown ? `${shown} of ${total} shown` : `None of ${total} matches; Reset shows them again`;
    };

    form.addEventListener("input", filter);
    form.addEventListener("change", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => {
      setTimeout(() => {
        sortBy(-1, "none");
        filter();
      });
    });
    filter(); // a browser may restore the fields of an earlier visit
  }

  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = Array.from(document.querySelectorAll("details:not([open])"));
    for (const block of closed) block.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const block of closed) block.open = false;
  });
})();
