/* Saves a draft while somebody fills in the form, and says what their answers make necessary. The form works without it. */
ckan.module("communitydata-form", function () {
  "use strict";

  const PAUSE = 4000;

  /* What is ticked, chosen or written for a question. */
  function answers(form, name) {
    return new FormData(form).getAll(name).filter(Boolean);
  }

  function holds(condition, form) {
    const given = answers(form, condition.field);
    if (condition.any_of) { return given.some(function (value) { return condition.any_of.includes(value); }); }
    return given.some(function (value) { return !condition.any_but.includes(value); });
  }

  /* A question inside something folded is shown before the page jumps to it. */
  function unfold(id) {
    let element = id && document.getElementById(id);
    while (element) {
      if (element.tagName === "DETAILS") { element.open = true; }
      element = element.parentElement;
    }
  }

  return {
    initialize: function () {
      this.form = this.el[0].closest("form");
      this.status = document.querySelector("[data-communitydata-status]");
      this.conditions = this.options.conditions || {};
      this.form.addEventListener("change", this.relevance.bind(this));
      this.relevance();
      document.addEventListener("click", function (event) {
        const link = event.target.closest("a[href^='#']");
        if (link) { unfold(decodeURIComponent(link.hash.slice(1))); }
      });
      unfold(decodeURIComponent(window.location.hash.slice(1)));
      const problem = document.getElementById("errors");
      if (problem) { problem.focus(); }
      if (this.options.save) { this.keep(); } else { this.guard(); }
    },

    relevance: function () {
      const form = this.form;
      const conditions = this.conditions;
      form.querySelectorAll("[data-needs]").forEach(function (badge) {
        badge.hidden = !conditions[badge.dataset.needs] || !holds(conditions[badge.dataset.needs], form);
      });
      form.querySelectorAll("[data-relevant-when]").forEach(function (section) {
        const condition = conditions[section.dataset.relevantWhen];
        const relevant = !answers(form, condition.field).length || holds(condition, form);
        const note = section.querySelector(".cd-not-needed");
        if (note.hidden !== relevant) { section.open = relevant; }
        note.hidden = relevant;
      });
    },

    /* On a record that is no draft, only the button saves; leaving without it is asked about. */
    guard: function () {
      let changed = false;
      this.form.addEventListener("change", function () { changed = true; });
      this.form.addEventListener("submit", function () { changed = false; });
      window.addEventListener("beforeunload", function (event) {
        if (changed) { event.preventDefault(); }
      });
    },

    keep: function () {
      let timer = null;
      const save = this.save.bind(this);
      this.saving = Promise.resolve();
      this.form.addEventListener("input", function () {
        window.clearTimeout(timer);
        timer = window.setTimeout(save, PAUSE);
      });
      this.form.addEventListener("submit", function (event) {
        window.clearTimeout(timer);
        if (this.busy) {
          event.preventDefault();
          const button = event.submitter;
          this.saving.then(function () { this.form.requestSubmit(button); }.bind(this));
        }
      }.bind(this));
    },

    save: function () {
      const title = Array.from(this.form.querySelectorAll("[name^='title_translated-']"))
        .some(function (input) { return input.value.trim(); });
      if (!title || this.busy) { return; }
      this.busy = true;
      const options = this.options;
      const body = new FormData(this.form);
      /* A file is read when its button is pressed, not with every save. */
      Array.from(body.keys()).forEach(function (name) { if (body.get(name) instanceof File) { body.delete(name); } });
      this.saving = fetch(options.save, {
        method: "POST", body: body, headers: { "X-Requested-With": "fetch" }, credentials: "same-origin"
      }).then(function (answer) {
        return answer.json().then(function (content) { return { ok: answer.ok, content: content }; });
      }).then(function (answer) {
        if (answer.ok) { this.saved(answer.content); } else { this.wrong(answer.content.errors); }
      }.bind(this)).catch(function () {
        this.say(options.failed);
      }.bind(this)).finally(function () { this.busy = false; }.bind(this));
    },

    saved: function (content) {
      this.form.querySelector("[name=pkg_name]").value = content.id;
      const name = this.form.querySelector("[name=name]");
      if (name && !name.value) { name.value = content.name; }
      if (content.edit) { this.form.action = content.edit; }
      const time = new Date().toLocaleTimeString(document.documentElement.lang || undefined, { hour: "2-digit", minute: "2-digit" });
      const missing = content.missing ? " " + this.options.missing.replace("{n}", content.missing) : "";
      this.say(this.options.saved.replace("{time}", time) + missing);
    },

    wrong: function (problems) {
      const labels = problems.map(function (problem) { return problem.label + " (" + problem.message + ")"; });
      this.say(labels.length ? this.options.wrong + " " + labels.join("; ") : this.options.failed);
    },

    say: function (text) {
      if (this.status) { this.status.textContent = text; }
    }
  };
});
