import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Every file may start engines with threads of their own; two at a time is what two cores carry.
    maxWorkers: 2,
  },
});
