import { createHash } from 'node:crypto'
import { PROJECT_LABEL } from '../../lib/docker/project-networks.ts'
import type { InstanceLabels, InstanceSpec } from '../../reconcile/runtime-port.ts'

/** The labels by which a container is told to be ours, and whose. None holds a secret: anyone at the engine sees them. */
export const LABEL = {
  ...PROJECT_LABEL,
  ownerKind: 'fairway.owner-kind',
  owner: 'fairway.owner',
  revision: 'fairway.revision',
  instance: 'fairway.instance',
  /** JSON: port name to internal port. */
  ports: 'fairway.ports',
} as const

export function labelsOf(
  installation: string,
  { id, labels, ports }: InstanceSpec,
): Readonly<Record<string, string>> {
  return {
    [LABEL.installation]: installation,
    [LABEL.project]: labels.projectId,
    [LABEL.ownerKind]: labels.ownerKind,
    [LABEL.owner]: labels.ownerId,
    [LABEL.revision]: labels.revision,
    [LABEL.instance]: id,
    [LABEL.ports]: JSON.stringify(
      Object.fromEntries(ports.map(({ name, internalPort }) => [name, internalPort])),
    ),
  }
}

type Labels = Readonly<Record<string, string>>

export const instanceOf = (labels: Labels): string => labels[LABEL.instance] ?? ''

export const instanceLabels = (labels: Labels): InstanceLabels => ({
  projectId: labels[LABEL.project] ?? '',
  ownerKind: (labels[LABEL.ownerKind] ?? 'service') as InstanceLabels['ownerKind'],
  ownerId: labels[LABEL.owner] ?? '',
  revision: labels[LABEL.revision] ?? '',
})

/** Port name to internal port, as the instance was started. */
export const portsOf = (labels: Labels): Record<string, number> =>
  JSON.parse(labels[LABEL.ports] ?? '{}') as Record<string, number>

/** The engine's filter for everything of an installation, narrowed by further labels. */
export const filterOf = (installation: string, more: Labels = {}): { label: string[] } => ({
  label: Object.entries({ [LABEL.installation]: installation, ...more }).map(
    ([key, value]) => `${key}=${value}`,
  ),
})

/** Unlike the id itself it is short, of plain characters, and no other installation's on the same engine. */
const shortId = (installation: string, id: string): string =>
  createHash('sha256').update(`${installation}/${id}`).digest('hex').slice(0, 16)

const plain = (text: string): string => text.replace(/[^a-zA-Z0-9_.-]/g, '-').slice(0, 60)

/**
 * `fairway-<project>-<owner>-<instance>`. One id always gives one name: the engine refuses a second container of it,
 * and so the same instance is never started twice, whoever asks.
 */
export const containerName = (
  installation: string,
  { id, labels }: Pick<InstanceSpec, 'id' | 'labels'>,
): string => `fairway-${plain(labels.projectId)}-${plain(labels.ownerId)}-${shortId(installation, id)}`

/** A folder name for what is kept of an instance on the host. */
export const folderName = (installation: string, id: string): string => shortId(installation, id)
