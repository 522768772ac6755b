import { FairwayError, invalid } from '@fairway/contract/errors'
import type { AddonBody } from '@fairway/contract/resources/addon'

/** A type of addon that this Fairway can run, as its engine says. */
export type AddonOffer = { type: string; tls: boolean; versions: readonly string[] }

type Wish = Pick<AddonBody, 'type' | 'version' | 'tlsEnabled'>

/** `not_supported` when no engine here can run such an addon; it says what to do. Pure. */
export function requireOffered(offers: readonly AddonOffer[], { type, version, tlsEnabled }: Wish): void {
  const offer = offers.find((one) => one.type === type)
  if (offer === undefined) {
    const here = offers.map((one) => one.type).join(', ')
    throw new FairwayError(
      'not_supported',
      `Addons of type "${type}" need a Docker Engine, and this Fairway runs without one. Set FAIRWAY_RUNTIME=docker, or choose a type that runs here: ${here}.`,
    )
  }
  if (tlsEnabled) requireTls(offer)
  if (offer.versions.some((one) => namesOf(one).includes(version))) return
  throw invalid(
    'version',
    `${type} ${version} is not available here: choose ${offer.versions.join(', ')} or latest`,
  )
}

/** `not_supported` when the addon's engine cannot encrypt connections. Pure. */
export function requireTls({ type, tls }: AddonOffer): void {
  if (tls) return
  throw new FairwayError(
    'not_supported',
    `tlsEnabled: the embedded ${type} listens on this machine only and does not encrypt. Leave it out, or run Fairway with a Docker Engine.`,
  )
}

/** What a version may be called. */
function namesOf(version: string): string[] {
  const [major = ''] = version.split('.')
  return ['latest', version, major, `${major}-latest`]
}
