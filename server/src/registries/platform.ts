import { FairwayError } from '@fairway/contract/errors'
import { z } from 'zod'

/** In the words of image manifests: `linux`, `amd64`. */
export type Platform = { os: string; architecture: string; variant?: string | undefined }

const architectures: Partial<Record<NodeJS.Architecture, Omit<Platform, 'os'>>> = {
  x64: { architecture: 'amd64' },
  ia32: { architecture: '386' },
  arm: { architecture: 'arm', variant: 'v7' },
  ppc64: { architecture: 'ppc64le' },
}

/** What images must be made for to run on this host. */
export const hostPlatform = (architecture: NodeJS.Architecture = process.arch): Platform => ({
  os: 'linux',
  ...(architectures[architecture] ?? { architecture }),
})

const platform = z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() })
export const indexSchema = z.object({
  manifests: z.array(z.object({ platform: platform.optional() })),
})
export const imageConfigSchema = platform

/** Whether an image made for `offered` runs on `host`. */
export function runsOn(host: Platform, offered: Platform): boolean {
  if (offered.os !== host.os || offered.architecture !== host.architecture) return false
  if (host.architecture !== 'arm' || offered.variant === undefined) return true
  // A newer arm runs what was made for an older one.
  return offered.variant <= (host.variant ?? 'v7')
}

/** Fails with `image_platform` unless one of the offered platforms is the host's. An unnamed one may be it. */
export function requirePlatform(
  image: string,
  host: Platform,
  offered: readonly (Platform | undefined)[],
): void {
  if (offered.some((one) => one === undefined || runsOn(host, one))) return
  const has = [...new Set(offered.filter((one) => one?.os !== 'unknown').map((one) => one && nameOf(one)))]
  throw new FairwayError(
    'image_platform',
    `The image ${image} is made for ${has.join(', ') || 'no platform'}, and this host needs ${nameOf(host)}. ` +
      'Build and push it for this platform too.',
  )
}

const nameOf = ({ os, architecture, variant }: Platform): string =>
  [os, architecture, variant].filter((part) => part !== undefined && part !== '').join('/')
