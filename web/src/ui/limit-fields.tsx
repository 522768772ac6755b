import type { resources, storage } from '@fairway/contract/resources/deployment'
import { SimpleGrid } from '@mantine/core'
import type { z } from 'zod'
import { NumberField } from './number-field.tsx'

type Resources = z.input<typeof resources>
type Storage = z.input<typeof storage>

/** The parts of a body of a service or a job that say how much it may use. */
type Limited = {
  resources?: Resources | undefined
  deployment?: { storage?: Storage | undefined } | undefined
}

type LimitFieldsProps<T extends Limited> = {
  /** What is saved: it can be changed, but not taken away. */
  saved: Limited
  value: T
  set(change: Pick<T, 'resources' | 'deployment'>): void
  problem(field: string): string | undefined
}

/** The fields of a form that these fields show. */
export const LIMITS = [
  'resources.cpuMillis',
  'resources.memoryMb',
  'deployment.storage.shmSize',
  'deployment.storage.ephemeralStorage.storageSize',
] as const

/** Limits of their own, which win over the plan. */
export function LimitFields<T extends Limited>({ saved, value, set, problem }: LimitFieldsProps<T>) {
  const { resources = {}, deployment = {} } = value
  const { storage = {} } = deployment
  const limit = (part: Resources): void => set({ resources: { ...resources, ...part } } as T)
  const keep = (part: Storage): void =>
    set({ deployment: { ...deployment, storage: { ...storage, ...part } } } as T)
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
      <NumberField
        label="CPU, thousandths"
        description="Wins over the plan"
        placeholder="As the plan says"
        value={resources.cpuMillis}
        saved={saved.resources?.cpuMillis}
        error={problem('resources.cpuMillis')}
        set={(cpuMillis) => limit({ cpuMillis })}
      />
      <NumberField
        label="Memory, MB"
        description="Wins over the plan"
        placeholder="As the plan says"
        value={resources.memoryMb}
        saved={saved.resources?.memoryMb}
        error={problem('resources.memoryMb')}
        set={(memoryMb) => limit({ memoryMb })}
      />
      <NumberField
        label="Shared memory, MB"
        description="/dev/shm, of instances that are containers"
        placeholder="The engine's own"
        value={storage.shmSize}
        saved={saved.deployment?.storage?.shmSize}
        error={problem('deployment.storage.shmSize')}
        set={(shmSize) => keep({ shmSize })}
      />
      <NumberField
        label="Own disk, MB"
        description="Of containers, where the engine can limit it"
        placeholder="No limit"
        value={storage.ephemeralStorage?.storageSize}
        saved={saved.deployment?.storage?.ephemeralStorage?.storageSize}
        error={problem('deployment.storage.ephemeralStorage.storageSize')}
        set={(storageSize) => keep({ ephemeralStorage: { storageSize } })}
      />
    </SimpleGrid>
  )
}
