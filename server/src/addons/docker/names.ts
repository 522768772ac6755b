import { networkName, PROJECT_LABEL } from '../../lib/docker/project-networks.ts'
import type { AddonPlace } from '../../reconcile/addon-port.ts'

/** The labels by which containers, volumes and networks are told to be ours, and whose. None holds a secret. */
export const LABEL = {
  ...PROJECT_LABEL,
  ownerKind: 'fairway.owner-kind',
  owner: 'fairway.owner',
  /** The generation of the addon's data. */
  revision: 'fairway.revision',
  /** The name that clients in the project's network use. */
  host: 'fairway.addon-host',
  /** `on` or `off`. */
  tls: 'fairway.addon-tls',
  /** Of everything the container was made with: another one means it has to be made again. */
  setup: 'fairway.addon-setup',
} as const

export type AddonNames = {
  container: string
  /** Makes the data; gone when that is done. */
  setup: string
  data: string
  /** Certificate and key: of the addon, so that a restored generation is trusted like the one before. */
  tls: string
  network: string
  labels: Record<string, string>
}

/** What the parts of one generation are called at the engine. Dots part the ids, which hold none. Pure. */
export function namesOf(installation: string, { projectId, addonId, generation }: AddonPlace): AddonNames {
  const addon = `fairway-${installation}.${projectId}.${addonId}`
  return {
    container: `${addon}.g${generation}`,
    setup: `${addon}.g${generation}.setup`,
    data: `${addon}.g${generation}`,
    tls: `${addon}.tls`,
    network: networkName(installation, projectId),
    labels: { ...addonLabels(installation, { projectId, addonId }), [LABEL.revision]: String(generation) },
  }
}

export const addonLabels = (
  installation: string,
  { projectId, addonId }: Pick<AddonPlace, 'projectId' | 'addonId'>,
): Record<string, string> => ({
  [LABEL.installation]: installation,
  [LABEL.project]: projectId,
  [LABEL.ownerKind]: 'addon',
  [LABEL.owner]: addonId,
})

export const filterOf = (labels: Readonly<Record<string, string>>): { label: string[] } => ({
  label: Object.entries(labels).map(([key, value]) => `${key}=${value}`),
})

/**
 * By which names containers of the project find the addon, the one for connection details first: a service may have
 * the addon's id, but none is called `<id>.addon`. A generation beside the one in use has a name of its own.
 */
export const hostNames = ({ addonId, generation }: AddonPlace, isBeside: boolean): [string, ...string[]] =>
  isBeside ? [`g${generation}.${addonId}.addon`] : [`${addonId}.addon`, addonId]
