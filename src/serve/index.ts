/** `tessera-sdk/serve`: models of this machine over HTTP, as OpenAI's clients know it. */
export { type App, type AppOptions, createApp } from "./app.js";
export type { ServedModels } from "./served.js";
export { createServer, type RunningServer, type ServerOptions } from "./server.js";
