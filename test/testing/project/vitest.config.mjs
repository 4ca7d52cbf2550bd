export default { test: { include: ["**/*.inner.ts"], setupFiles: ["tessera-sdk/testing"], testTimeout: 60_000 } };
