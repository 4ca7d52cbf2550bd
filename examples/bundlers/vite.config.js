import { defineConfig } from "vite";

/** All of tessera-sdk inlined; its native runtimes cannot be. Without `noExternal` Vite leaves the package as it is, which works, too. */
export default defineConfig({
  build: { ssr: "server.ts", target: "node20", outDir: process.env.OUT },
  ssr: { noExternal: process.env.INLINED ? ["tessera-sdk"] : [], external: ["onnxruntime-node", "sharp"] },
});
