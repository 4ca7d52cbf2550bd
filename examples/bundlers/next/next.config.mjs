/** The package stays as it is, and the files that it opens by itself go into a standalone build. */
export default {
  output: "standalone",
  serverExternalPackages: ["tessera-sdk"],
  outputFileTracingIncludes: {
    "/picture": ["./node_modules/tessera-sdk/{dist,models}/**/*", "./node_modules/onnxruntime-node/bin/**/*"],
  },
};
