/* Adds rows to a repeating question without a reload. Without it, saving adds the next empty row. */
ckan.module("communitydata-rows", function () {
  "use strict";

  function renumber(row, from, to) {
    var old = "-" + from + "-";
    ["id", "name", "for", "aria-describedby"].forEach(function (attribute) {
      row.querySelectorAll("[" + attribute + "]").forEach(function (element) {
        element.setAttribute(attribute, element.getAttribute(attribute).split(old).join("-" + to + "-"));
      });
    });
    row.dataset.row = to;
    row.querySelector("[data-row-number]").textContent = to + 1;
  }

  function empty(row) {
    row.querySelectorAll("input, textarea, select").forEach(function (input) {
      if (input.type === "checkbox") { input.checked = false; } else { input.value = ""; }
    });
    row.querySelectorAll(".cd-remove, .cd-error").forEach(function (element) { element.remove(); });
  }

  return {
    initialize: function () {
      var box = this.el[0];
      var button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn-secondary";
      button.textContent = this.options.add;
      button.addEventListener("click", function () {
        var rows = box.querySelectorAll(":scope > .cd-row");
        var last = rows[rows.length - 1];
        var copy = last.cloneNode(true);
        empty(copy);
        renumber(copy, Number(last.dataset.row), Number(last.dataset.row) + 1);
        box.insertBefore(copy, button);
        copy.querySelector("input, textarea, select").focus();
      });
      box.appendChild(button);
    }
  };
});
