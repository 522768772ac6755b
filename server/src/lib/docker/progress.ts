import type { Engine } from './engine.ts'

export type ProgressEvent = { status?: string; id?: string; aux?: { Digest?: string }; error?: string }

/**
 * Follows a pull or a push to its end. The engine answers success first and tells what went wrong as a line of its
 * progress, which the client library does not look at; it is thrown here as an error in the engine's words.
 */
export async function followProgress(
  engine: Engine,
  stream: NodeJS.ReadableStream,
  take: (event: ProgressEvent) => void = () => undefined,
): Promise<void> {
  let refusal: string | undefined
  await new Promise<void>((resolve, reject) => {
    engine.modem.followProgress(
      stream,
      (error) => (error ? reject(error) : resolve()),
      (event: ProgressEvent) => {
        refusal = event.error ?? refusal
        take(event)
      },
    )
  })
  if (refusal !== undefined) throw new Error(refusal)
}
