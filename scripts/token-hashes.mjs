// Token hashes of the default model for 32 prompts in every order: `node scripts/token-hashes.mjs > before.txt` in a built
// checkout. A change that claims to leave results alone prints the same lines before and after.
import { generateImage, loadImageModel } from "../dist/index.js";

const PROMPTS =
  `red apple;house with garden;cat;dog;blue car;bicycle;umbrella;guitar;pizza slice;hot air balloon;fox;star;rainbow;key;
clock;butterfly;robot;book;snowman;elephant;fish;airplane;ice cream;green tree;angry face;sunglasses;football;laptop;light bulb;
heart;bird;penguin`
    .split(";")
    .map((prompt) => prompt.trim());

const model = await loadImageModel();
for (const decoding of ["next-scale", "next-token", "jacobi", "next-neighbor"]) {
  for (const [i, prompt] of PROMPTS.entries()) {
    const { images } = await generateImage({ model, prompt, decoding, seed: i });
    const { tokens, picture } = images[0].manifest;
    console.log(decoding, JSON.stringify(prompt), i, tokens.sha256.slice(0, 16), picture.rgbaSha256.slice(0, 16));
  }
}
await model.close();
