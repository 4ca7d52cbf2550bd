import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { setupFiles: ["tessera-sdk/testing"], testTimeout: 120_000, hookTimeout: 120_000 },
});
