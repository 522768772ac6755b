import { FairwayError } from '@fairway/contract/errors'

export type RuntimeName = 'docker' | 'process'
export type GatewayName = 'haproxy' | 'embedded'

/** What this installation was started with first. The id tells several installations on one engine apart. */
export type Installation = { id: string; runtime: RuntimeName; gateway: GatewayName }

export type Wanted = { runtime: RuntimeName | 'auto'; gateway: GatewayName | 'auto' }
/** What was found on this machine. */
export type Found = { engine: boolean; haproxy: boolean }

/** The parts to run with, and why, for people. `formerGateway` runs no more after this start. */
export type Parts = {
  runtime: RuntimeName
  gateway: GatewayName
  why: { runtime: string; gateway: string }
  formerGateway?: GatewayName
}

/**
 * Which runtime and gateway to run with. Pure. The first start decides; later ones keep to it, because a part that is
 * away for a moment is no reason to run everything elsewhere. The gateway may be changed on request, the runtime not:
 * what runs under the former one would be left behind unseen.
 */
export function chooseParts(wanted: Wanted, found: Found, recorded?: Installation): Parts {
  const runtime = chooseRuntime(wanted.runtime, found, recorded)
  const gateway = chooseGateway(wanted.gateway, found, recorded)
  return {
    runtime: runtime.name,
    gateway: gateway.name,
    why: { runtime: runtime.why, gateway: gateway.why },
    ...(recorded !== undefined && recorded.gateway !== gateway.name && { formerGateway: recorded.gateway }),
  }
}

type Choice<Name> = { name: Name; why: string }

function chooseRuntime(
  wanted: Wanted['runtime'],
  found: Found,
  recorded?: Installation,
): Choice<RuntimeName> {
  if (recorded !== undefined && wanted !== 'auto' && wanted !== recorded.runtime) {
    throw new FairwayError(
      'invalid_state',
      `FAIRWAY_RUNTIME is ${wanted}, but this data folder runs its services with ${recorded.runtime}. Start with another FAIRWAY_DATA, or leave FAIRWAY_RUNTIME out.`,
    )
  }
  if (recorded !== undefined) {
    return { name: recorded.runtime, why: 'this data folder was started with it' }
  }
  if (wanted === 'docker' && !found.engine) {
    throw new FairwayError(
      'invalid_state',
      'FAIRWAY_RUNTIME is docker, but no Docker Engine answers. Start it, or name its socket in FAIRWAY_DOCKER_SOCKET; "fairway doctor" says more.',
    )
  }
  if (wanted !== 'auto') return { name: wanted, why: 'FAIRWAY_RUNTIME says so' }
  return found.engine
    ? { name: 'docker', why: 'a Docker Engine answers' }
    : { name: 'process', why: 'no Docker Engine answers' }
}

function chooseGateway(
  wanted: Wanted['gateway'],
  found: Found,
  recorded?: Installation,
): Choice<GatewayName> {
  const name = wanted === 'auto' ? (recorded?.gateway ?? (found.haproxy ? 'haproxy' : 'embedded')) : wanted
  if (name === 'haproxy' && !found.haproxy) {
    throw new FairwayError(
      'invalid_state',
      'The gateway is HAProxy, but the program is not there. Install haproxy, name it in FAIRWAY_HAPROXY, or set FAIRWAY_GATEWAY=embedded.',
    )
  }
  if (wanted !== 'auto') return { name, why: 'FAIRWAY_GATEWAY says so' }
  if (recorded !== undefined) return { name, why: 'this data folder was started with it' }
  return { name, why: found.haproxy ? 'HAProxy is installed' : 'HAProxy is not installed' }
}
