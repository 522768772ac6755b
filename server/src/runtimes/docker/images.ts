import { FairwayError } from '@fairway/contract/errors'
import type Docker from 'dockerode'
import { type Engine, engineStatusOf } from '../../lib/docker/engine.ts'
import { engineMessage, ifThere, isEngineGone } from '../../lib/docker/engine-answers.ts'
import { followProgress } from '../../lib/docker/progress.ts'
import type { ArtifactRef } from '../../reconcile/runtime-port.ts'

type ImageRef = Extract<ArtifactRef, { kind: 'image' }>

/** Gets images onto the engine: each one once, however many instances wait for it. */
export class Images {
  readonly #engine: Engine
  readonly #pulls = new Map<string, Promise<void>>()

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /**
   * The image, pulled when it is not here. Raises `image_not_found`, `image_denied`, `image_platform`,
   * `registry_unreachable` or `disk_full`.
   */
  async present(image: ImageRef): Promise<Docker.ImageInspectInfo> {
    const here = await this.#find(image.reference)
    if (here !== undefined) return here
    // A local build's id names no repository that it could come from.
    if (image.reference.startsWith('sha256:')) throw gone(image.reference)
    await this.#pullOnce(image)
    const pulled = await this.#find(image.reference)
    if (pulled === undefined) throw gone(image.reference)
    return pulled
  }

  #find(reference: string): Promise<Docker.ImageInspectInfo | undefined> {
    return ifThere(this.#engine.getImage(reference).inspect())
  }

  #pullOnce(image: ImageRef): Promise<void> {
    // Who may not pull it must not wait for, nor fail with, someone else's pull.
    const key = JSON.stringify([image.reference, image.credentials])
    const underWay = this.#pulls.get(key)
    if (underWay !== undefined) return underWay
    const pull = this.#pull(image).finally(() => this.#pulls.delete(key))
    this.#pulls.set(key, pull)
    return pull
  }

  async #pull({ reference, credentials }: ImageRef): Promise<void> {
    const authconfig = credentials && { ...credentials, serveraddress: registryOf(reference) }
    try {
      const progress = await this.#engine.pull(reference, { ...(authconfig && { authconfig }) })
      await followProgress(this.#engine, progress)
    } catch (error) {
      if (isEngineGone(error)) throw error
      throw pullFailure(reference, error)
    }
  }
}

/** `registry.example.com` of `registry.example.com/team/app@…`; the engine's own default without a host. */
export function registryOf(reference: string): string {
  const [first = '', ...rest] = reference.split('/')
  return rest.length > 0 && /[.:]|^localhost$/.test(first) ? first : 'https://index.docker.io/v1/'
}

const gone = (reference: string): FairwayError =>
  new FairwayError(
    'image_not_found',
    `The image ${reference} is not on this engine any more. Build the commit again.`,
  )

/** The engine passes a registry's refusal on as text; there is nothing else to tell them apart by. */
const REFUSALS = [
  [
    'disk_full',
    /no space left on device/i,
    (name) => `The engine's disk is full, so ${name} could not be pulled. Free some space.`,
  ],
  [
    'image_platform',
    /no matching manifest|does not match the specified platform/i,
    (name) => `The image ${name} is not made for this machine's platform. Build it for this platform too.`,
  ],
  [
    'image_denied',
    /denied|unauthorized|authentication required|no basic auth|incorrect username/i,
    (name) =>
      `The registry does not let us pull ${name}. Check that it exists and that its saved credentials are right.`,
  ],
  [
    'image_not_found',
    /manifest unknown|not found|name unknown|repository name not known/i,
    (name) => `The registry has no image ${name}. Check its name and digest, or push it again.`,
  ],
] as const satisfies readonly (readonly [string, RegExp, (name: string) => string])[]

/** Raised for a pull that did not end well. Pure. */
export function pullFailure(reference: string, error: unknown): FairwayError {
  const detail = engineMessage(error)
  const refusal = REFUSALS.find(([, text]) => text.test(detail))
  if (refusal !== undefined) {
    const [code, , sentence] = refusal
    return new FairwayError(code, sentence(reference), { cause: error, detail })
  }
  const code = engineStatusOf(error) === 404 ? 'image_not_found' : 'registry_unreachable'
  return new FairwayError(
    code,
    `The image ${reference} could not be pulled: its registry does not answer as it should. Check its address and the network.`,
    { cause: error, detail },
  )
}
