// Everything the pages do in the browser beside htmx: small, optional, and without inline script (strict Content-Security-Policy).
import "htmx.org";
import Alpine from "@alpinejs/csp";
import "./chips.js";

// The live search: "/" goes to it, arrows walk through what it found, Escape leaves it.
Alpine.data("finder", () => ({
  rows() {
    return [...this.$root.querySelectorAll("[data-result]")];
  },
  key(event) {
    const rows = this.rows();
    const at = rows.indexOf(document.activeElement);
    if (event.key === "ArrowDown" && rows.length) {
      rows[Math.min(at + 1, rows.length - 1)].focus();
      event.preventDefault();
    } else if (event.key === "ArrowUp" && at >= 0) {
      (at === 0 ? this.$refs.input : rows[at - 1]).focus();
      event.preventDefault();
    } else if (event.key === "Escape" && at >= 0) {
      this.$refs.input.focus();
    }
  },
}));

// A menu made of <details>: closes on Escape and on a click elsewhere.
Alpine.data("menu", () => ({
  close() {
    this.$root.open = false;
  },
  escape() {
    this.$root.open = false;
    this.$root.querySelector("summary").focus();
  },
}));

// Shows or hides what was typed as password.
Alpine.data("secret", () => ({
  shown: false,
  get type() {
    return this.shown ? "text" : "password";
  },
  get pressed() {
    return this.shown ? "true" : "false";
  },
  toggle() {
    this.shown = !this.shown;
  },
}));

// Copies a card number and says so for a moment.
Alpine.data("copier", () => ({
  done: false,
  get idle() {
    return !this.done;
  },
  async copy() {
    await navigator.clipboard.writeText(this.$root.dataset.text);
    this.done = true;
    setTimeout(() => (this.done = false), 1500);
  },
}));

// One box that ticks all of a group, and shows whether all of them are.
Alpine.data("all", () => ({
  init() {
    this.follow();
  },
  boxes() {
    return [...this.$root.querySelectorAll("input[type=checkbox][name]")];
  },
  set() {
    for (const box of this.boxes()) box.checked = this.$refs.master.checked;
  },
  follow() {
    const ticked = this.boxes().filter((box) => box.checked).length;
    this.$refs.master.checked = ticked === this.boxes().length;
    this.$refs.master.indeterminate = ticked > 0 && ticked < this.boxes().length;
  },
}));

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const field = document.querySelector("[data-search]");
    if (field) {
      field.focus();
      field.select();
      event.preventDefault();
    }
  }
});

// A select or a date in a filter bar acts at once where scripts run; without scripts the button does it.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-autosubmit]");
  if (form) form.requestSubmit();
});

Alpine.start();
