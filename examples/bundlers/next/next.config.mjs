/**
 * The package stays as it is. Into a standalone build go the files that it opens by itself, and of the native runtime those of the machine that
 * builds: the others take 240 MB.
 */
const { platform, arch } = process;
const runtimes = "./node_modules/onnxruntime-node/bin/napi-v6";

export default {
  output: "standalone",
  serverExternalPackages: ["tessera-sdk"],
  outputFileTracingIncludes: {
    "/picture": ["./node_modules/tessera-sdk/{dist,models}/**/*", `${runtimes}/${platform}/${arch}/*`],
  },
  outputFileTracingExcludes: {
    "/picture": [`${runtimes}/!(${platform})/**/*`, `${runtimes}/${platform}/!(${arch})/**/*`],
  },
};
