import { FairwayError } from '@fairway/contract/errors'
import type { Engine } from '../../lib/docker/engine.ts'
import type { RuntimeCapabilities } from '../../reconcile/runtime-port.ts'

/** What the engine and its machine can do. */
export type EngineAbilities = { cpus: number; cpuLimits: boolean; memoryLimits: boolean; diskLimits: boolean }

type Info = {
  NCPU: number
  CpuCfsQuota: boolean
  MemoryLimit: boolean
  Driver: string
  DriverStatus?: readonly (readonly [string, string])[] | null
}

/** Raises `runtime_failed` when no engine answers. */
export async function askAbilities(engine: Engine): Promise<EngineAbilities> {
  try {
    return abilitiesOf((await engine.info()) as Info)
  } catch (error) {
    throw new FairwayError(
      'runtime_failed',
      'No Docker Engine answers. Start it, or check that Fairway may use its socket.',
      { cause: error },
    )
  }
}

/** Pure. */
export function abilitiesOf({ NCPU, CpuCfsQuota, MemoryLimit, Driver, DriverStatus }: Info): EngineAbilities {
  const below = DriverStatus?.find(([name]) => name === 'Backing Filesystem')?.[1]
  return {
    cpus: NCPU,
    cpuLimits: CpuCfsQuota,
    memoryLimits: MemoryLimit,
    // On XFS only when it is mounted with project quotas, which the first try tells.
    diskLimits:
      ['btrfs', 'zfs', 'devicemapper'].includes(Driver) || (Driver === 'overlay2' && below === 'xfs'),
  }
}

/** `remarks`: further sentences for people. Pure. */
export function capabilitiesOf(
  { cpuLimits, memoryLimits, diskLimits }: EngineAbilities,
  remarks: readonly string[],
): RuntimeCapabilities {
  const all = [
    ...(cpuLimits ? [] : ["CPU limits are not enforced: the engine's kernel cannot."]),
    ...(memoryLimits ? [] : ["Memory limits are not enforced: the engine's kernel cannot."]),
    ...(diskLimits ? [] : ["The disk of an instance is not limited: the engine's storage driver cannot."]),
    ...remarks,
  ]
  return { name: 'docker', cpuLimits, memoryLimits, ...(all.length > 0 && { remark: all.join(' ') }) }
}
