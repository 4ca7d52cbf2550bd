// Writes schemas/assets.schema.json, which editors check manifests of `tessera run` by, out of the built package.
import { writeFileSync } from "node:fs";
import { assetsJsonSchema } from "../dist/pipeline/index.js";

writeFileSync(
  new URL("../schemas/assets.schema.json", import.meta.url),
  `${JSON.stringify(assetsJsonSchema(), null, 2)}\n`,
);
