/** As much of S3 as a store needs, on the loopback: objects by path, to whoever signs. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A signature of version 4 over the parts that it must be over. */
const SIGNED =
  /^AWS4-HMAC-SHA256 Credential=KEY\/\d{8}\/[a-z0-9-]+\/s3\/aws4_request, SignedHeaders=[^,]*host[^,]*, Signature=[0-9a-f]{64}$/;

export class S3Server {
  readonly objects = new Map<string, Buffer>();
  private constructor(private readonly server: Server) {}

  static async start(): Promise<S3Server> {
    const server = createServer();
    const s3 = new S3Server(server);
    server.on("request", (request, response) => {
      const path = decodeURIComponent(new URL(request.url!, "http://s3").pathname);
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const fail = (status: number, code: string) => {
          response.writeHead(status, { "Content-Type": "application/xml" });
          response.end(request.method === "HEAD" ? undefined : `<Error><Code>${code}</Code></Error>`);
        };
        if (!SIGNED.test(request.headers.authorization ?? "")) return fail(403, "AccessDenied");
        if (!path.startsWith("/bucket/")) return fail(404, "NoSuchBucket");
        if (request.method === "PUT") s3.objects.set(path, Buffer.concat(chunks));
        const object = s3.objects.get(path);
        if (!object) return fail(404, "NoSuchKey");
        response.writeHead(200, { "Content-Length": request.method === "PUT" ? 0 : object.length });
        response.end(request.method === "GET" ? object : undefined);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return s3;
  }

  /** What the environment says of it to a client. */
  get environment(): Readonly<Record<string, string>> {
    const { port } = this.server.address() as AddressInfo;
    return {
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
      AWS_REGION: "eu-north-1",
      AWS_ACCESS_KEY_ID: "KEY",
      AWS_SECRET_ACCESS_KEY: "secret",
    };
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}
