/** GET /picture?prompt=red+apple answers a PNG. */
import { generateImage } from "tessera-sdk";

export async function GET(request: Request): Promise<Response> {
  const prompt = new URL(request.url).searchParams.get("prompt") ?? "";
  const { images } = await generateImage({ prompt, seed: 7, signal: request.signal });
  return new Response(images[0]!.bytes as Uint8Array<ArrayBuffer>, {
    headers: { "Content-Type": images[0]!.mediaType },
  });
}
