/** Ids of rounded scalars, each -1, 0 or 1: numbers in base 3 whose first digit counts least (FSQ, arXiv 2309.15505 §3.1). */

/** Ids of rows of `scalars` numbers in (-1.5, 1.5). Halves go to the even neighbour, as everywhere in float arithmetic. */
export function scalarIds(values: Float32Array, scalars: number): Int32Array {
  return Int32Array.from({ length: values.length / scalars }, (_, row) => {
    let id = 0;
    for (let i = scalars - 1; i >= 0; i--) id = id * 3 + roundEven(values[row * scalars + i]!) + 1;
    return id;
  });
}

/** The digits of ids, `scalars` each, from 0 to 2. */
export function digitsOf(ids: Int32Array, scalars: number): Int32Array {
  return Int32Array.from({ length: ids.length * scalars }, (_, i) => {
    return Math.floor(ids[Math.floor(i / scalars)]! / 3 ** (i % scalars)) % 3;
  });
}

const roundEven = (x: number): number => {
  const low = Math.floor(x);
  const share = x - low;
  return share < 0.5 || (share === 0.5 && low % 2 === 0) ? low : low + 1;
};
