/** Pictures keep what every medium promises. */
import { loadImageModel } from "../../src/index.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { writeTinyImageModel } from "../support/tiny-image-model.js";
import { conformPictures } from "./conform-pictures.js";

const folder = temporaryFolder();

conformPictures("pictures", async () => {
  await writeTinyImageModel(folder);
  return loadImageModel(folder, { device: "reference" });
});
