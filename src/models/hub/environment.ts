/**
 * Where models of the Hugging Face hub come from and go to, as its own tools read it out of the environment, so that they share one
 * cache: https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables
 */
import { homedir } from "node:os";
import { join } from "node:path";

export type Environment = Readonly<Record<string, string | undefined>>;

const isSet = (value: string | undefined): value is string => value !== undefined && value !== "";

/** The folder of the cache: HF_HUB_CACHE, else `hub` in HF_HOME, else in ~/.cache/huggingface. */
export function cacheFolder(env: Environment = process.env): string {
  if (isSet(env.HF_HUB_CACHE)) return env.HF_HUB_CACHE;
  const caches = isSet(env.XDG_CACHE_HOME) ? env.XDG_CACHE_HOME : join(homedir(), ".cache");
  const home = isSet(env.HF_HOME) ? env.HF_HOME : join(caches, "huggingface");
  return join(home, "hub");
}

/** The hub, or the mirror that HF_ENDPOINT names. */
export const endpoint = (env: Environment = process.env): string =>
  (isSet(env.HF_ENDPOINT) ? env.HF_ENDPOINT : "https://huggingface.co").replace(/\/+$/, "");

/** Why nothing may be downloaded; null where it may. In CI nothing is, unless HF_HUB_OFFLINE says 0: a build is to be the same each time. */
export function offlineReason(env: Environment = process.env): string | null {
  const { HF_HUB_OFFLINE: offline, CI: ci } = env;
  if (isSet(offline)) return isTrue(offline) ? `HF_HUB_OFFLINE is ${offline}` : null;
  return isSet(ci) && isTrue(ci) ? "CI is set, so nothing is downloaded by default" : null;
}

const isTrue = (value: string): boolean => !["0", "false", "no", "off"].includes(value.toLowerCase());

/** Of HF_TOKEN, for models that ask for one. */
export const authorization = (env: Environment = process.env): Readonly<Record<string, string>> =>
  isSet(env.HF_TOKEN) ? { Authorization: `Bearer ${env.HF_TOKEN}` } : {};
