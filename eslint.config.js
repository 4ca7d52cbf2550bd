import tseslint from "typescript-eslint";

export default tseslint.config({ ignores: ["dist/", "training/", "**/fixtures/"] }, ...tseslint.configs.recommended, {
  rules: {
    // Sizes are known where the types cannot say so; each `!` stands beside the check that makes it true.
    "@typescript-eslint/no-non-null-assertion": "off",
    "@typescript-eslint/no-unused-vars": ["error", { varsIgnorePattern: "^_", argsIgnorePattern: "^_" }],
    eqeqeq: "error",
    "no-var": "error",
    "prefer-const": "error",
  },
});
