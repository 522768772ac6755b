import type { ObservedInstance } from '../../reconcile/runtime-port.ts'
import { wasOutOfMemory } from './cgroups.ts'
import { exitOf } from './exit-status.ts'
import { type InstanceRecord, readExit, readExitTime } from './instance-folder.ts'

/** What the shim wrote down, and what the kernel counted. Without a word of the shim it was killed. */
export async function howItEnded(
  root: string,
  { id, cgroups }: InstanceRecord,
): Promise<Pick<ObservedInstance, 'exitedAt' | 'exitCode' | 'signal'>> {
  const status = readExit(root, id)
  if (status === undefined) return { signal: 'SIGKILL' }
  const at = await readExitTime(root, id)
  const time = at === undefined ? {} : { exitedAt: at }
  return wasOutOfMemory(cgroups) ? { ...time, signal: 'OOM' } : { ...time, ...exitOf(status) }
}
