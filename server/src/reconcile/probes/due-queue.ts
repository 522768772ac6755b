/** Items by the time they are due, the earliest first: a binary heap, so that thousands of probes cost little. */
export class DueQueue<T> {
  readonly #heap: { at: number; item: T }[] = []

  get nextAt(): number | undefined {
    return this.#heap[0]?.at
  }

  push(at: number, item: T): void {
    const heap = this.#heap
    let index = heap.push({ at, item }) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (this.#at(parent) <= this.#at(index)) return
      this.#swap(parent, index)
      index = parent
    }
  }

  /** The earliest item that is due; undefined when none is. */
  takeDue(now: number): T | undefined {
    const first = this.#heap[0]
    if (first === undefined || first.at > now) return undefined
    const last = this.#heap.pop()
    if (this.#heap.length > 0 && last !== undefined) {
      this.#heap[0] = last
      this.#sink()
    }
    return first.item
  }

  #sink(): void {
    let index = 0
    for (;;) {
      const left = 2 * index + 1
      const least = this.#at(left + 1) < this.#at(left) ? left + 1 : left
      if (this.#at(least) >= this.#at(index)) return
      this.#swap(least, index)
      index = least
    }
  }

  #at(index: number): number {
    return this.#heap[index]?.at ?? Number.POSITIVE_INFINITY
  }

  #swap(a: number, b: number): void {
    const heap = this.#heap
    const [x, y] = [heap[a], heap[b]]
    if (x === undefined || y === undefined) return
    heap[a] = y
    heap[b] = x
  }
}
