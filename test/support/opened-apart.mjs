// Child process of opened-apart.ts: opens the file that a request names, and says how that ended and what it cost.
import { readFileSync } from "node:fs";
import { openCheckpoint } from "../../dist/engine/index.js";
import { loadTextTokenizer, readPicture } from "../../dist/tokenizers/index.js";

const KINDS = {
  async checkpoint({ path }) {
    const checkpoint = await openCheckpoint(path);
    for (const name of checkpoint.entries.keys()) await checkpoint.floats(name);
    await checkpoint.close();
  },
  async tokenizer({ path, use: { method, argument, options } }) {
    const tokenizer = await loadTextTokenizer(path);
    tokenizer[method](argument, options);
  },
  picture: ({ path, most }) =>
    readPicture("image", path, ({ width, height }) => {
      if (Math.max(width, height) > most) throw Object.assign(new Error(`${width} x ${height}`), { code: "argument" });
    }),
};

const request = JSON.parse(readFileSync(process.argv[2], "utf8"));
const idle = process.cpuUsage();
const error = await KINDS[request.kind](request).then(
  () => null,
  ({ code, fault, message }) => ({ code, fault, length: message.length, message: message.slice(0, 500) }),
);
const { user, system } = process.cpuUsage(idle);
console.log(JSON.stringify({ error, seconds: (user + system) / 1e6, peak: 1024 * process.resourceUsage().maxRSS }));
