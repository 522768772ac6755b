/** Passes data on and remembers how its source failed: what reads it may only say that something broke. */
export function watchSource(source: AsyncIterable<Uint8Array>): {
  data: AsyncIterable<Uint8Array>
  throwIfFailed(): void
} {
  let failure: { error: unknown } | undefined
  async function* data(): AsyncGenerator<Uint8Array> {
    try {
      yield* source
    } catch (error) {
      failure = { error }
      throw error
    }
  }
  return {
    data: data(),
    throwIfFailed: () => {
      if (failure !== undefined) throw failure.error
    },
  }
}
