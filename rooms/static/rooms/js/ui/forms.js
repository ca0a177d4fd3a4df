// @ts-check
// While a form is being sent nothing in it can be changed or sent again. The fields become read-only and not
// disabled, because a disabled field would not be sent.
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
  // After this event the browser reads the fields; locking waits until that is done, or was prevented.
  setTimeout(() => {
    if (!event.defaultPrevented) lock(form);
  });
});

// A select or a box has no read-only state: while its form is locked it does not take a change.
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

// Coming back with the browser's Back button shows the page as it was left: locked.
window.addEventListener("pageshow", () => {
  for (const form of [...locked.keys()]) unlock(form);
});

// Copying a link. Plain http has no clipboard: there the older command does it.
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

// Selecting a link that is there to be copied.
document.addEventListener("focusin", (event) => {
  const field = /** @type {any} */ (event.target);
  if (field.matches?.("input.copyable")) field.select();
});
