/**
 * Who may ask. With a token: whoever sends it. Without one the server listens on the loopback alone, and still has to refuse pages
 * of other origins, which a browser on this machine may show: by their Origin, and by a Host that was made to lead here (DNS rebinding).
 */
import { timingSafeEqual } from "node:crypto";
import type { Context } from "hono";
import { sha256 } from "../base/digest.js";
import { HttpRefusal } from "./errors.js";

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/** Whether that address is reached from this machine alone. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host.includes(":") ? `[${host}]` : host);

/** Throws HttpRefusal for a request that must not be answered. */
export function guard(c: Context, token: string | null): void {
  if (token !== null) return requireToken(c.req.header("Authorization"), token);
  const { host } = new URL(c.req.url);
  const origin = c.req.header("Origin");
  const from = origin === undefined ? host : origin.replace(/^https?:\/\//, "");
  if (!LOOPBACK.test(host) || !LOOPBACK.test(from))
    throw new HttpRefusal(403, "foreign_origin", "Without a token, this server answers only its own machine.");
}

function requireToken(header: string | undefined, token: string): void {
  const [, given] = /^Bearer\s+(.+)$/i.exec(header ?? "") ?? [];
  // Digests have one length, so that the comparison tells nothing about the token by its time.
  if (given === undefined || !timingSafeEqual(Buffer.from(sha256(given)), Buffer.from(sha256(token))))
    throw new HttpRefusal(401, "invalid_api_key", "The token is missing or wrong: send it as a bearer token.");
}
