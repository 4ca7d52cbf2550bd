/** A priority queue of (rank, position) pairs: the smallest rank comes out first, and the leftmost among equals. */
export class PairQueue {
  /** A binary heap of rank · 2^31 + position, exact integers as long as ranks stay below 2^22. */
  private readonly heap: number[] = [];

  push(rank: number, position: number): void {
    const { heap } = this;
    const entry = rank * 2 ** 31 + position;
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (heap[parent]! <= entry) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = entry;
  }

  pop(): { readonly rank: number; readonly position: number } | null {
    const { heap } = this;
    const smallest = heap[0];
    if (smallest === undefined) return null;
    const moved = heap.pop()!;
    if (heap.length > 0) this.sink(moved);
    return { rank: Math.floor(smallest / 2 ** 31), position: smallest % 2 ** 31 };
  }

  private sink(entry: number): void {
    const { heap } = this;
    let index = 0;
    for (let child = 1; child < heap.length; child = 2 * index + 1) {
      if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++;
      if (heap[child]! >= entry) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = entry;
  }
}
