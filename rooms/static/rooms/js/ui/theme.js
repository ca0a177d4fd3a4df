// @ts-check
// Runs before the first paint, so it is not a module: a module would wait and the wrong theme would flash.
(() => {
  const KEY = "theme";

  function choice() {
    try {
      const stored = localStorage.getItem(KEY);
      return stored === "light" || stored === "dark" ? stored : "system";
    } catch {
      return "system"; // some private windows disable storage
    }
  }

  function apply() {
    const root = document.documentElement;
    if (choice() === "system") root.removeAttribute("data-theme");
    else root.dataset.theme = choice();
    for (const control of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("[data-theme-choice]"))) {
      if (control.type === "radio") control.checked = control.value === choice();
      else control.value = choice();
    }
    window.dispatchEvent(new CustomEvent("theme"));
  }

  const theme = (/** @type {any} */ (window).theme = {
    get choice() {
      return choice();
    },
    choose(value) {
      try {
        localStorage.setItem(KEY, value);
      } catch {
        // the choice lasts for this page only
      }
      apply();
    },
  });

  apply();
  document.addEventListener("DOMContentLoaded", apply);
  window.addEventListener("storage", (event) => {
    if (event.key === KEY || event.key === null) apply();
  });
  document.addEventListener("change", (event) => {
    const control = /** @type {any} */ (event.target);
    if (control.matches?.("[data-theme-choice]")) theme.choose(control.value);
  });
})();
