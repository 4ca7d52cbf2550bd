/** Which models a server offers: by their names, each with a queue of its own. */
import { UnknownNameError } from "../base/errors.js";
import type { ImageModel, LoadedModel, SpeechModel, TextModel } from "../index.js";
import { Queue } from "./queue.js";

/** Models that are loaded already. Whoever loaded them closes them, when the server has closed. */
export interface ServedModels {
  readonly images?: readonly ImageModel[] | undefined;
  readonly speech?: readonly SpeechModel[] | undefined;
  readonly texts?: readonly TextModel[] | undefined;
}

interface ModelOf {
  readonly image: ImageModel;
  readonly speech: SpeechModel;
  readonly text: TextModel;
}

export type Medium = keyof ModelOf;

export interface Served<M extends LoadedModel = LoadedModel> {
  readonly medium: Medium;
  readonly model: M;
  readonly queue: Queue;
}

export class Models {
  readonly all: readonly Served[];

  /**
   * `limit`: requests that may wait for a model. `together`: items of like requests that are made together. `aliases`: further
   * names of models.
   */
  constructor(
    { images = [], speech = [], texts = [] }: ServedModels,
    limit: number,
    together: number,
    private readonly aliases: Readonly<Record<string, string>>,
  ) {
    const of = (medium: Medium, models: readonly LoadedModel[]) =>
      models.map((model) => ({ medium, model, queue: new Queue(limit, together) }));
    this.all = [...of("image", images), ...of("speech", speech), ...of("text", texts)];
  }

  /** The model of that name or alias; undefined: the first of its medium. Throws UnknownNameError. */
  find<K extends Medium>(medium: K, name: string | undefined): Served<ModelOf[K]> {
    const known = this.all.filter((served) => served.medium === medium) as unknown as readonly Served<ModelOf[K]>[];
    const wanted = name !== undefined && Object.hasOwn(this.aliases, name) ? this.aliases[name] : name;
    const found = wanted === undefined ? known[0] : known.find(({ model }) => model.name === wanted);
    if (found) return found;
    throw new UnknownNameError(
      `${medium} model`,
      name ?? "",
      known.map(({ model }) => model.name),
    );
  }

  /** Resolves when no model has anything to do. */
  async idle(): Promise<void> {
    await Promise.all(this.all.map(({ queue }) => queue.idle()));
  }
}
