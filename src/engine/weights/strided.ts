/** Views of a storage as PyTorch has them: an offset, and for each axis a size and a step, all counted in elements. */

export interface StridedView {
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** How many elements the view has; not exact above 2^53, where it is only compared. An axis of 0 makes it 0, however long others are. */
export const countOf = ({ shape }: StridedView): number => (shape.includes(0) ? 0 : shape.reduce((a, b) => a * b, 1));

/** How many elements of the storage lie between the first and the last of the view, both included. */
export const spanOf = (view: StridedView): number =>
  countOf(view) === 0 ? 0 : view.shape.reduce((span, size, axis) => span + (size - 1) * view.strides[axis]!, 1);

/** Whether the elements lie one after the other in row-major order. Axes of size 1 may step as they like. */
export function isContiguous({ shape, strides }: StridedView): boolean {
  if (shape.includes(0)) return true;
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== step) return false;
    step *= shape[axis]!;
  }
  return true;
}

const WORDS = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array } as const;

/**
 * Copies the elements of a view into row-major order. `span` begins with the view's first element and is aligned to `width` bytes
 * an element (1, 2, 4 or 8).
 */
export function gather(span: Uint8Array, width: number, view: StridedView): Uint8Array {
  if (width === 8) {
    // Two words an element: integers, so that no bit pattern of a double is touched.
    const halves = {
      offset: 0,
      shape: [...view.shape, 2],
      strides: [...view.strides.map((stride) => 2 * stride), 1],
    };
    return gather(span, 4, halves);
  }
  const Words = WORDS[width as keyof typeof WORDS];
  const from = new Words(span.buffer as ArrayBuffer, span.byteOffset, span.byteLength / width);
  const to = new Words(countOf(view));
  copyStrided(from, to, merged(view));
  return new Uint8Array(to.buffer);
}

/** The same elements over fewer and longer axes: those of size 1 are left out, and those that step as one become one. */
function merged({ offset, shape, strides }: StridedView): StridedView {
  const axes: [size: number, stride: number][] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const [size, stride] = [shape[axis]!, strides[axis]!];
    const inner = axes[0];
    if (size === 1) continue;
    if (inner && stride === inner[0] * inner[1]) inner[0] *= size;
    else axes.unshift([size, stride]);
  }
  return { offset, shape: axes.map(([size]) => size), strides: axes.map(([, stride]) => stride) };
}

function copyStrided(
  from: ArrayLike<number>,
  to: { [index: number]: number; length: number },
  view: StridedView,
): void {
  const { shape, strides } = view;
  const last = shape.length - 1;
  const size = shape[last] ?? 1;
  const step = strides[last] ?? 0;
  const index = shape.map(() => 0);
  let base = 0;
  for (let out = 0; out < to.length; ) {
    for (let i = 0; i < size; i++) to[out++] = from[base + i * step]!;
    // To the next row: the odometer of the outer axes.
    for (let axis = last - 1; axis >= 0; axis--) {
      base += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      base -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
}
