/**
 * What the pickle of a PyTorch checkpoint may name, and what each name means here. Nothing is looked up in any runtime: a global is
 * a row of GLOBALS or it is refused, and calling one makes a description of a tensor.
 *
 * Sources: torch/_utils.py (_rebuild_tensor_v2, _rebuild_parameter), torch/_tensor.py (_rebuild_from_type_v2),
 * torch/serialization.py (persistent_id).
 */
import { type Element, MAX_RANK } from "./checkpoint.js";
import { quote, type Report } from "./faults.js";
import { Dict, type PickleHost, Tuple } from "./pickle.js";
import type { StridedView } from "./strided.js";

/** A storage that the pickle speaks of: its key in the container and how many elements it is said to have. */
export class StorageReference {
  constructor(
    readonly key: string,
    readonly element: Element,
    readonly count: number,
  ) {}
}

/** A tensor that the pickle describes. Whether its storage exists and is large enough is not known yet. */
export class TensorReference implements StridedView {
  constructor(
    readonly storage: StorageReference,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

/** An object of a global that the caller asked to skip; it is not built, and what it holds is not looked at. */
export class Skipped {}

type Meaning =
  | "dict"
  | "defaultdict"
  | "size"
  | "tensor"
  | "parameter"
  | "with-attributes"
  | "type"
  | "skipped"
  | { readonly storage: Element };

/** A global on the stack. */
class Global {
  constructor(
    readonly name: string,
    readonly meaning: Meaning,
  ) {}
}

const GLOBALS: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ["collections OrderedDict", "dict"],
  ["torch._utils _rebuild_tensor_v2", "tensor"],
  ["torch._utils _rebuild_parameter", "parameter"],
  ["torch._tensor _rebuild_from_type_v2", "with-attributes"],
  ["torch Tensor", "type"],
  ["torch.nn.parameter Parameter", "type"],
  ["torch FloatStorage", { storage: "f32" }],
  ["torch HalfStorage", { storage: "f16" }],
  ["torch BFloat16Storage", { storage: "bf16" }],
  ["torch DoubleStorage", { storage: "f64" }],
  ["torch LongStorage", { storage: "i64" }],
  ["torch IntStorage", { storage: "i32" }],
  ["torch ShortStorage", { storage: "i16" }],
  ["torch CharStorage", { storage: "i8" }],
  ["torch ByteStorage", { storage: "u8" }],
  ["torch BoolStorage", { storage: "bool" }],
  ["collections defaultdict", "defaultdict"],
  ["torch Size", "size"],
  ...["int", "float", "list", "dict", "set"].flatMap((factory) =>
    ["builtins", "__builtin__"].map((module) => [`${module} ${factory}`, "type"] as const),
  ),
  ...["float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"].map(
    (dtype) => [`torch ${dtype}`, "type"] as const,
  ),
]);

/**
 * Globals of what trainers keep beside the tensors: arguments, losses, random states. The option `opaque` skips their objects
 * unbuilt. Loaders that look for a model in a trainer's file pass them; whoever opens a file of unknown origin should not.
 */
export const TRAINER_GLOBALS: readonly string[] = [
  ...[
    "argparse Namespace",
    "pathlib PosixPath",
    "pathlib WindowsPath",
    "torch device",
    "torch.torch_version TorchVersion",
  ],
  ...["numpy dtype", "numpy ndarray", "_codecs encode"],
  ...["numpy.core", "numpy._core"].flatMap((core) => [`${core}.multiarray scalar`, `${core}.multiarray _reconstruct`]),
];

/** The host for the pickles of one file. `opaque` lists further globals, as "module name", whose objects are skipped unbuilt. */
export class TorchHost implements PickleHost {
  /** Every storage that was spoken of, by key, as it was first described. */
  readonly storages = new Map<string, StorageReference>();

  constructor(
    private readonly report: Report,
    private readonly opaque: readonly string[],
  ) {}

  global(module: string, name: string): Global {
    const full = `${module} ${name}`;
    const meaning = GLOBALS.get(full) ?? (this.opaque.includes(full) ? "skipped" : undefined);
    if (!meaning)
      throw this.report(
        "forbidden-global",
        `the pickle names the global ${quote(full)}, which is not on the list of allowed ones`,
      );
    return new Global(full, meaning);
  }

  call(callable: unknown, args: Tuple): unknown {
    if (!(callable instanceof Global)) throw this.unsupported("calls what is not a global");
    switch (callable.meaning) {
      case "dict":
        return this.dict(args.items);
      case "defaultdict":
        return new Dict(); // of its default for missing keys; the items follow
      case "size":
        return this.size(args.items);
      case "tensor":
        return this.tensor(args.items);
      case "parameter":
        return this.parameter(args.items);
      case "with-attributes":
        return this.withAttributes(args.items);
      case "skipped":
        return new Skipped();
      default:
        throw this.unsupported(`calls ${quote(callable.name)}`);
    }
  }

  /** An ordered dict may carry attributes (a module's state dict has `_metadata`); they say nothing about tensors and are dropped. */
  build(object: unknown, _state: unknown): void {
    if (!(object instanceof Dict || object instanceof Skipped))
      throw this.unsupported("sets the state of what is not a dict");
  }

  persistent(id: unknown): StorageReference {
    const [word, type, key, , count, view] = id instanceof Tuple ? id.items : [];
    const element = type instanceof Global && typeof type.meaning === "object" ? type.meaning.storage : undefined;
    if (word !== "storage" || !element || typeof key !== "string" || !isCount(count) || (view ?? null) !== null) {
      throw this.unsupported("has a persistent id that is not a storage");
    }
    const storage = new StorageReference(key, element, count);
    if (!this.storages.has(key)) this.storages.set(key, storage);
    return storage;
  }

  /** OrderedDict() or OrderedDict([(key, value), …]). */
  private dict(args: readonly unknown[]): Dict {
    const dict = new Dict();
    const [pairs = []] = args;
    if (args.length > 1 || !Array.isArray(pairs)) throw this.unsupported("makes an OrderedDict of what is not a list");
    for (const pair of pairs) {
      const items = pair instanceof Tuple ? pair.items : pair;
      if (!Array.isArray(items) || items.length !== 2)
        throw this.unsupported("makes an OrderedDict of items that are not pairs");
      dict.set(items[0], items[1]);
    }
    return dict;
  }

  /** torch.Size((2, 3)): a tuple. */
  private size([sizes, ...rest]: readonly unknown[]): Tuple {
    if (!(sizes instanceof Tuple) || rest.length > 0) throw this.unsupported("makes a Size of what is not a tuple");
    return sizes;
  }

  /** (storage, offset, size, stride, requires_grad, backward_hooks[, metadata]): metadata would mean values negated or conjugated. */
  private tensor([storage, offset, size, stride, , , metadata]: readonly unknown[]): TensorReference {
    const shape = counts(size);
    const strides = counts(stride);
    const plain = metadata === undefined || metadata === null || (metadata instanceof Dict && metadata.size === 0);
    if (
      !(storage instanceof StorageReference) ||
      !isCount(offset) ||
      !shape ||
      shape.length !== strides?.length ||
      !plain
    ) {
      throw this.unsupported("describes a tensor in an unknown way");
    }
    return new TensorReference(storage, offset, shape, strides);
  }

  /** (tensor, requires_grad, backward_hooks). */
  private parameter([tensor]: readonly unknown[]): TensorReference {
    if (!(tensor instanceof TensorReference)) throw this.unsupported("makes a parameter of what is not a tensor");
    return tensor;
  }

  /** (rebuild, type, arguments, attributes): the tensor is rebuild(*arguments); the attributes are dropped. */
  private withAttributes([rebuild, , args]: readonly unknown[]): TensorReference {
    const meaning = rebuild instanceof Global ? rebuild.meaning : undefined;
    if (args instanceof Tuple && meaning === "tensor") return this.tensor(args.items);
    if (args instanceof Tuple && meaning === "parameter") return this.parameter(args.items);
    throw this.unsupported("rebuilds a tensor in an unknown way");
  }

  private unsupported(problem: string) {
    return this.report("unsupported-pickle", `the pickle ${problem}`);
  }
}

const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

function counts(value: unknown): readonly number[] | null {
  return value instanceof Tuple && value.items.length <= MAX_RANK && value.items.every(isCount) ? value.items : null;
}
