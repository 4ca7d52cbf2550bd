import { expect, test } from "vitest";
import { Parts } from "../../src/media/parts.js";

const part = (name: string, log: string[]) => ({ name, close: async () => void log.push(name) });

test("parts are closed once, the last first", async () => {
  const log: string[] = [];
  const parts = new Parts();
  for (const name of ["a", "b", "c"]) await parts.own(Promise.resolve(part(name, log)));
  await parts.close();
  await parts.close();
  expect(log).toEqual(["c", "b", "a"]);
});

test("a part that arrives after the end is closed at once", async () => {
  const log: string[] = [];
  const parts = new Parts();
  let arrive: (value: ReturnType<typeof part>) => void = () => {};
  const late = parts.own(new Promise<ReturnType<typeof part>>((resolve) => (arrive = resolve)));
  await parts.close();
  arrive(part("late", log));
  await expect(late).rejects.toMatchObject({ code: "closed" });
  expect(log).toEqual(["late"]);
});

test("a shared part is opened once, and again after a failure", async () => {
  const log: string[] = [];
  const parts = new Parts();
  const key = {};
  let opened = 0;
  const open = async () => {
    if (opened++ === 0) throw new Error("first");
    return part("shared", log);
  };
  await expect(parts.share(key, open)).rejects.toThrow("first");
  const both = await Promise.all([parts.share(key, open), parts.share(key, open)]);
  expect(both[0]).toBe(both[1]);
  expect(opened).toBe(2);
  await parts.close();
  expect(log).toEqual(["shared"]);
});
