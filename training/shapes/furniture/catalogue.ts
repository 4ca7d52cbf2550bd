/** Catalogues of furniture as Sweet Home 3D has them: unpacked .sh3f files, and what may be learned from of them. */
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

export interface Piece {
  /** As the catalogue calls it, in lower case and without numbers: "christmas tree". */
  readonly name: string;
  readonly creator: string;
  /** The path of its OBJ file. */
  readonly model: string;
  readonly licence: string;
}

/** Licences under which a model may be trained on a piece and shared under Apache-2.0, with attribution. */
const OPEN = /public domain|cc-?0|creative commons (3\.0 )?attribution/i;
/** What shuts a piece out, in the licence of its catalogue or in a file beside it. */
const SHUT = /share ?-?alike|by-sa|non ?-?commercial|by-nc|no ?-?deriv|free art|gpl|general public/i;

/** The pieces of a folder into which a .sh3f file was unpacked. Throws where the catalogue states no licence that is known to be open. */
export async function piecesOf(folder: string): Promise<Piece[]> {
  const rows = properties(await readFile(join(folder, "PluginFurnitureCatalog.properties"), "latin1"));
  const licence = rows.get("license")?.split("  ")[0] ?? "";
  if (!OPEN.test(licence) || SHUT.test(licence)) throw new Error(`${folder}: licence "${licence}" is not known to be open`);
  const pieces: Piece[] = [];
  for (let n = 1; rows.has(`name#${n}`); n++) {
    const model = join(folder, rows.get(`model#${n}`) ?? "");
    const name = (rows.get(`name#${n}`)!.toLowerCase().match(/[a-z]+/g) ?? []).join(" ");
    if (name === "" || rows.has(`modelRotation#${n}`) || !model.endsWith(".obj") || (await shutOut(dirname(model)))) continue;
    pieces.push({ name, creator: rows.get(`creator#${n}`) ?? "unknown", model, licence });
  }
  return pieces;
}

/** key=value lines of a Java properties file; comments and blank lines are passed over. */
const properties = (text: string): ReadonlyMap<string, string> =>
  new Map([...text.matchAll(/^([^#!\s][^=\r\n]*)=([^\r\n]*)/gm)].map(([, key, value]) => [key!.trim(), value!.trim()]));

/** Whether a file about the licence of one piece says what its catalogue does not. */
async function shutOut(folder: string): Promise<boolean> {
  const files = (await readdir(folder)).filter((file) => /licen[cs]e|copying|readme/i.test(file));
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "latin1")));
  // What a licence page says of other licences is in its links; the sentence that grants is in the text.
  return texts.some((text) => SHUT.test(text.replaceAll(/<[^>]*>/g, " ")));
}
