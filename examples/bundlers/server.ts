/** A server with one picture endpoint, for esbuild and Vite: GET /picture?prompt=red+apple answers a PNG. */
import { createServer } from "node:http";
import { generateImage, loadImageModel, TesseraError, VERSION } from "tessera-sdk";

const model = await loadImageModel("tessera-icons", { threads: 1 });

const server = createServer(async (request, response) => {
  const { searchParams } = new URL(request.url!, "http://localhost");
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  try {
    const prompt = searchParams.get("prompt")!;
    const { images } = await generateImage({ model, prompt, seed: 7, signal: gone.signal });
    response.writeHead(200, { "Content-Type": images[0]!.mediaType, "X-Tessera": VERSION }).end(images[0]!.bytes);
  } catch (error) {
    response.writeHead(TesseraError.isInstance(error) ? 400 : 500).end(String(error));
  }
});

server.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => console.log("listening"));
