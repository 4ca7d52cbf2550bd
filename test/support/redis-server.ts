/** Debian's redis-server on the loopback, on a free port, with what it remembers in a folder. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer } from "node:net";

/** Why tests with Redis are skipped; null where they run. */
export function redisMissing(): string | null {
  try {
    execFileSync("redis-server", ["--version"], { stdio: "ignore" });
    return null;
  } catch {
    return "redis-server is not installed: apt-get install redis-server";
  }
}

export class RedisServer {
  private constructor(
    private readonly folder: string,
    private readonly port: number,
    private child: ChildProcess,
  ) {}

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts one. `folder` has to exist. */
  static async start(folder: string): Promise<RedisServer> {
    const port = await freePort();
    return new RedisServer(folder, port, await started(folder, port));
  }

  /** Kills it and starts another in its place, which remembers everything or nothing. */
  async restart(memory: "kept" | "lost"): Promise<void> {
    await this.stop();
    if (memory === "lost") rmSync(`${this.folder}/appendonlydir`, { recursive: true });
    this.child = await started(this.folder, this.port);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await gone;
  }
}

async function started(folder: string, port: number): Promise<ChildProcess> {
  const memory = ["--dir", folder, "--save", "", "--appendonly", "yes", "--appendfsync", "always"];
  const child = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", ...memory], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout!.on("data", (chunk: Buffer) => chunk.includes("Ready to accept connections") && resolve());
    child.once("exit", (code) => reject(new Error(`redis-server ended with ${code}`)));
  });
  return child;
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
