/* Adds rows to a repeating question without a reload. Without it, the spare row at the end takes one more. */
ckan.module("communitydata-rows", function () {
  "use strict";

  function renumber(row, from, to) {
    const old = "-" + from + "-";
    ["id", "name", "for", "aria-describedby", "value", "formaction", "data-communitydata-draw"].forEach(function (attribute) {
      row.querySelectorAll((attribute === "value" ? "button" : "") + "[" + attribute + "]").forEach(function (element) {
        element.setAttribute(attribute, element.getAttribute(attribute).split(old).join("-" + to + "-"));
      });
    });
    row.dataset.row = to;
    row.querySelector("[data-row-number]").textContent = to + 1;
  }

  function emptyCopy(row) {
    const copy = row.cloneNode(true);
    copy.querySelectorAll("input, textarea, select").forEach(function (input) {
      if (input.type === "checkbox") { input.checked = false; } else { input.value = ""; }
    });
    copy.querySelectorAll("[data-communitydata-draw]").forEach(function (box) { box.removeAttribute("data-ready"); box.replaceChildren(); });
    copy.querySelectorAll(".cd-remove, .cd-error").forEach(function (element) { element.remove(); });
    return copy;
  }

  return {
    initialize: function () {
      const box = this.el[0];
      const rows = box.querySelectorAll(".cd-row");
      const pattern = emptyCopy(rows[rows.length - 1]);
      const spare = box.querySelector(".cd-spare-row");
      const first = Number(pattern.dataset.row);
      let next = spare ? first : first + 1;
      if (spare) { spare.remove(); }
      box.querySelectorAll(".cd-again").forEach(function (button) { button.remove(); });

      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn-secondary";
      button.textContent = this.options.add;
      button.addEventListener("click", function () {
        const row = pattern.cloneNode(true);
        renumber(row, first, next);
        next += 1;
        box.insertBefore(row, button);
        row.querySelector("input, textarea, select").focus();
      });
      box.appendChild(button);
    }
  };
});
