/** Values for one reader in their order. Ends after what was pushed before `end`; later values are dropped. */
export class PushQueue<T> implements AsyncIterable<T> {
  readonly #values: T[] = []
  readonly #onEmpty: () => void
  #wake = (): void => undefined
  #ended = false

  /** `onEmpty`: called whenever the reader has taken everything. */
  constructor(onEmpty: () => void = () => undefined) {
    this.#onEmpty = onEmpty
  }

  push(value: T): void {
    if (this.#ended) return
    this.#values.push(value)
    this.#wake()
  }

  end(): void {
    this.#ended = true
    this.#wake()
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    for (;;) {
      while (this.#values.length > 0) yield this.#values.shift() as T
      if (this.#ended) return
      this.#onEmpty()
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
