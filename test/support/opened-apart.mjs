// Child process of opened-apart.ts: opens each file that it is asked to, and says how that ended and what it cost. It is started
// with --expose-gc, so that no file pays for what was left of the one before.
const engine = () => import("../../dist/engine/index.js");
const tokenizers = () => import("../../dist/tokenizers/index.js");

const KINDS = {
  async checkpoint({ path }) {
    const { openCheckpoint } = await engine();
    const checkpoint = await openCheckpoint(path);
    for (const name of checkpoint.entries.keys()) await checkpoint.floats(name);
    await checkpoint.close();
  },
  async tokenizer({ path, use: { method, argument, options } }) {
    const { loadTextTokenizer } = await tokenizers();
    const tokenizer = await loadTextTokenizer(path);
    tokenizer[method](argument, options);
  },
  async picture({ path, most }) {
    const { readPicture } = await tokenizers();
    await readPicture("image", path, ({ width, height }) => {
      if (Math.max(width, height) > most) throw Object.assign(new Error(`${width} x ${height}`), { code: "argument" });
    });
  },
};

process.on("message", async (request) => {
  globalThis.gc();
  const idle = process.cpuUsage();
  const error = await KINDS[request.kind](request).then(
    () => null,
    ({ code, fault, message }) => ({ code, fault, length: message.length, message: message.slice(0, 500) }),
  );
  const { user, system } = process.cpuUsage(idle);
  process.send({ error, seconds: (user + system) / 1e6, peak: 1024 * process.resourceUsage().maxRSS });
});
