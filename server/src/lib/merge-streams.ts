/** Merges several endless or ending streams into one, in the order their items arrive. */
export async function* mergeStreams<T>(sources: readonly AsyncIterable<T>[]): AsyncIterable<T> {
  type Pending = Promise<{ iterator: AsyncIterator<T>; result: IteratorResult<T> }>
  const advance = async (iterator: AsyncIterator<T>): Pending => ({ iterator, result: await iterator.next() })
  const pending = new Map<AsyncIterator<T>, Pending>()
  for (const source of sources) {
    const iterator = source[Symbol.asyncIterator]()
    pending.set(iterator, advance(iterator))
  }
  try {
    while (pending.size > 0) {
      const { iterator, result } = await Promise.race(pending.values())
      if (result.done) pending.delete(iterator)
      else {
        pending.set(iterator, advance(iterator))
        yield result.value
      }
    }
  } finally {
    for (const iterator of pending.keys()) void iterator.return?.()
  }
}
