/** The version of this package, as its package.json states it; the same from src/ and from dist/. */
import { readFileSync } from "node:fs";

const json = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string };

export const VERSION: string = json.version;
