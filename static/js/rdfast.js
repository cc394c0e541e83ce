// Progressive enhancement only: every page works without this file.
(() => {
  "use strict";

  const body = document.body;
  const language = document.documentElement.lang || "ko";

  // A form is sent once. The button pressed stays enabled until the browser has taken its name and
  // value; coming back with the browser's Back button makes the form usable again.
  const guarded = new WeakSet();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented) return;
    if (guarded.has(form)) {
      event.preventDefault();
      return;
    }
    if (form.method !== "post") return;
    changed.delete(form);
    // The person may choose to stay for another form's sake: then this one must stay usable.
    if (changed.size) return;
    guarded.add(form);
    setTimeout(() => {
      for (const button of form.elements) {
        if (button.type === "submit" && !button.disabled) {
          button.disabled = true;
          button.dataset.guarded = "";
        }
      }
    });
  });
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const button of document.querySelectorAll("[data-guarded]")) {
      button.disabled = false;
      delete button.dataset.guarded;
      if (button.form) guarded.delete(button.form);
    }
  });

  // Long forms (data-warn-unsaved) ask before they are left with changes in them.
  const changed = new Set();
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form && "warnUnsaved" in form.dataset) changed.add(form);
  });
  window.addEventListener("beforeunload", (event) => {
    if (changed.size) event.preventDefault();
  });

  // The summary of errors gets the focus.
  document.querySelector("[data-error-summary]")?.focus();

  // Time left, in the words of rdfast.web.templatetags.rdfast.span_in_words, by the server's clock.
  const unit = (count, name) =>
    new Intl.NumberFormat(language, { style: "unit", unit: name, unitDisplay: "long" }).format(count);
  const inWords = (milliseconds) => {
    const all = Math.floor(Math.abs(milliseconds) / 60000);
    const days = Math.floor(all / 1440);
    const hours = Math.floor((all % 1440) / 60);
    const minutes = all % 60;
    if (days >= 3 || (days && !hours)) return unit(days, "day");
    if (days) return `${unit(days, "day")} ${unit(hours, "hour")}`;
    if (hours) return minutes ? `${unit(hours, "hour")} ${unit(minutes, "minute")}` : unit(hours, "hour");
    return unit(minutes, "minute");
  };
  const ahead = body.dataset.now ? Date.parse(body.dataset.now) - Date.now() : 0;
  const tellTime = () => {
    for (const place of document.querySelectorAll("[data-until]")) {
      const left = Date.parse(place.dataset.until) - (Date.now() + ahead);
      const pattern = left > 0 ? body.dataset.left : body.dataset.overdue;
      if (pattern) place.textContent = pattern.replace("{span}", inWords(left));
    }
  };
  if (document.querySelector("[data-until]")) setInterval(tellTime, 30000);

  // Amounts: thousand separators on leaving the field, sums while typing.
  // Korean units are understood as in rdfast.core.amounts: 1억 2,000만.
  const units = [["조", 1e12], ["억", 1e8], ["천만", 1e7], ["만", 1e4], ["", 1]];
  const amountOf = (text) => {
    let rest = text.replace(/[\s,₩원]/g, "");
    let total = 0;
    for (const [word, worth] of units) {
      const found = rest.match(new RegExp(`^(\\d+)${word}`));
      if (!found) continue;
      total += Number(found[1]) * worth;
      rest = rest.slice(found[0].length);
    }
    return total;
  };
  const grouped = new Intl.NumberFormat("en");
  document.addEventListener("focusout", (event) => {
    const input = event.target;
    if (input.matches?.("input[inputmode=numeric]") && /^[\d,\s]+$/.test(input.value)) {
      input.value = grouped.format(amountOf(input.value));
    }
  });
  const sum = (table) => {
    const rows = {};
    const columns = {};
    let all = 0;
    for (const input of table.querySelectorAll("[data-sum-row]")) {
      const amount = amountOf(input.value);
      const { sumRow, sumColumn } = input.dataset;
      rows[sumRow] = (rows[sumRow] || 0) + amount;
      columns[sumColumn] = (columns[sumColumn] || 0) + amount;
      all += amount;
    }
    for (const out of table.querySelectorAll("output")) {
      const { totalRow, totalColumn } = out.dataset;
      const total = totalRow ? rows[totalRow] : totalColumn ? columns[totalColumn] : all;
      out.textContent = grouped.format(total || 0);
    }
  };
  for (const table of document.querySelectorAll("[data-sum]")) {
    sum(table);
    table.addEventListener("input", () => sum(table));
  }

  // A button says what it does with the amount typed beside it: more than data-above goes further up.
  for (const button of document.querySelectorAll("button[data-above]")) {
    const input = document.getElementById(button.dataset.amount);
    input?.addEventListener("input", () => {
      const above = amountOf(input.value) > Number(button.dataset.above);
      button.textContent = above ? button.dataset.wordsAbove : button.dataset.wordsBelow;
    });
  }

  // Rows of a formset. Removing ticks Django's DELETE box and hides the row.
  const prepareRow = (row) => {
    const place = row.querySelector("[data-formset-remove]");
    const box = place?.querySelector("input[type=checkbox]");
    if (!box) return;
    row.hidden = box.checked;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button button-plain button-small";
    button.textContent = place.dataset.formsetRemove;
    button.addEventListener("click", () => {
      box.checked = true;
      box.dispatchEvent(new Event("input", { bubbles: true }));
      const neighbour = row.nextElementSibling || row.previousElementSibling;
      row.hidden = true;
      for (const input of row.querySelectorAll("[required]")) input.required = false;
      (neighbour?.querySelector("input, select, textarea, button") || row.parentElement).focus();
    });
    for (const each of place.children) each.hidden = true;
    place.append(button);
  };
  for (const set of document.querySelectorAll("[data-formset]")) {
    const prefix = set.dataset.formset;
    const rows = set.querySelector("[data-formset-rows]");
    const blank = set.querySelector("[data-formset-blank]");
    const add = set.querySelector("[data-formset-add]");
    const total = set.querySelector(`[name="${prefix}-TOTAL_FORMS"]`);
    for (const row of rows.querySelectorAll("[data-formset-row]")) prepareRow(row);
    if (!blank || !add || !total) continue;
    add.type = "button";
    add.addEventListener("click", () => {
      const number = Number(total.value);
      if (number >= Number(set.dataset.max)) return;
      const fresh = document.createElement("template");
      fresh.innerHTML = blank.innerHTML.replaceAll("__prefix__", String(number));
      const row = fresh.content.querySelector("[data-formset-row]");
      rows.append(fresh.content);
      total.value = String(number + 1);
      prepareRow(row);
      row.querySelector("input:not([type=hidden]), select, textarea")?.focus();
    });
  }
})();
