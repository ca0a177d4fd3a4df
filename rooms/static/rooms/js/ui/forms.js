// @ts-check
// While a form is submitted, it cannot be changed or submitted again. Its fields become read-only, not
// disabled, because disabled fields are not submitted.
const locked = new Map();

function lock(form) {
  const undo = [];
  for (const control of form.elements) {
    if (control.matches("input:not([type=hidden]), textarea")) {
      if (!control.readOnly) undo.push(() => (control.readOnly = false));
      control.readOnly = true;
    }
    if (control.matches("button, input[type=submit]")) {
      control.setAttribute("aria-disabled", "true");
      undo.push(() => control.removeAttribute("aria-disabled"));
    }
  }
  form.setAttribute("aria-busy", "true");
  undo.push(() => form.removeAttribute("aria-busy"));
  locked.set(form, undo);
}

function unlock(form) {
  for (const step of locked.get(form) ?? []) step();
  locked.delete(form);
}

document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (form.method === "dialog" || form.dataset.lock === "no") return;
  if (locked.has(form)) {
    event.preventDefault();
    return;
  }
  // The browser reads the fields after this event. Lock them later, unless it was prevented.
  setTimeout(() => {
    if (!event.defaultPrevented) lock(form);
  });
});

// Selects and checkboxes have no read-only state. Undo changes while their form is locked.
for (const type of ["mousedown", "keydown", "click"]) {
  document.addEventListener(
    type,
    (event) => {
      const control = /** @type {any} */ (event.target).closest?.("select, input[type=checkbox], input[type=radio], button");
      if (control?.form && locked.has(control.form) && /** @type {any} */ (event).key !== "Tab") event.preventDefault();
    },
    true,
  );
}

// The Back button restores the page as it was left: locked.
window.addEventListener("pageshow", () => {
  for (const form of [...locked.keys()]) unlock(form);
});

// Copies a link. Plain http has no clipboard API, so an older command is used there.
document.addEventListener("click", async (event) => {
  const button = /** @type {any} */ (event.target).closest?.("[data-copy]");
  if (!button) return;
  const field = button.parentElement.querySelector("input");
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    if (!document.execCommand("copy")) return;
  }
  button.dataset.copy ||= button.textContent;
  button.textContent = button.dataset.copied;
  setTimeout(() => (button.textContent = button.dataset.copy), 2000);
});

// Selects a link that can be copied.
document.addEventListener("focusin", (event) => {
  const field = /** @type {any} */ (event.target);
  if (field.matches?.("input.copyable")) field.select();
});
