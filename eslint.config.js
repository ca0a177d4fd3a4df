import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["**/vendor/", ".venv/", "data/", "node_modules/"] },
  js.configs.recommended,
  {
    files: ["**/static/**/*.js"],
    languageOptions: { globals: globals.browser },
    rules: { "no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }] },
  },
  { files: ["tests/*.mjs", "tests/unit_js/*.js"], languageOptions: { globals: globals.node } },
];
