/** Requests to the hub: by the proxy of the environment, with the words of an error. */
import { DownloadError } from "../../base/errors.js";
import { once } from "../../base/once.js";

/** HTTPS_PROXY, HTTP_PROXY and NO_PROXY are honoured by this agent, which Node's own fetch does not have everywhere. */
const agent = once(async () => new (await import("undici")).EnvHttpProxyAgent());

const REMEDIES: Readonly<Record<number, string>> = {
  401: "The model does not exist, or needs a token: set HF_TOKEN to one that may read it.",
  403: "Accept the terms of the model on its page, and set HF_TOKEN.",
  404: "Check the name and the revision.",
  429: "Wait, or set HF_TOKEN.",
};

export interface Request {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** An answer of status 200 or 206. Throws DownloadError, or the reason of the signal. */
export async function fetched(url: string, { headers, signal }: Request): Promise<Response> {
  const { fetch } = await import("undici");
  let response: Response;
  try {
    const options = { headers, dispatcher: await agent(), ...(signal && { signal }) };
    response = (await fetch(url, options)) as unknown as Response;
  } catch (cause) {
    signal?.throwIfAborted();
    throw new DownloadError(url, reasonOf(cause), "Check the network, HF_ENDPOINT and HTTPS_PROXY.", { cause });
  }
  if (response.status === 200 || response.status === 206) return response;
  await response.body?.cancel();
  const remedy = REMEDIES[response.status] ?? "Try again later.";
  throw new DownloadError(url, `the server answered ${response.status}`, remedy, { cause: response.status });
}

export function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  const { code, message: deeper } = (cause ?? {}) as NodeJS.ErrnoException;
  return code ?? deeper ?? message;
}
